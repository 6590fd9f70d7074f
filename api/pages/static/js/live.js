// Pages that read themselves again: parts marked data-live are taken over when they differ, lists marked data-live-list
// card by card (by data-key). Whatever somebody is typing in is left alone.

/** Where this page can be read again. One that answers a form stands at no address of its own and says which is its. */
const own = document.querySelector("main")?.dataset.address;
export const address = own ?? location.pathname + location.search;

/** Was something chosen here that the page did not come with? Who chose may be looking elsewhere meanwhile. */
function chosen(element) {
  const ticks = [...element.querySelectorAll("input[type=checkbox], input[type=radio]")];
  const lists = [...element.querySelectorAll("select")];
  const first = (list) => Math.max(0, [...list.options].findIndex((option) => option.defaultSelected));
  return ticks.some((tick) => tick.checked !== tick.defaultChecked) || lists.some((list) => list.selectedIndex !== first(list));
}

/** Is somebody in the middle of something here? What a refused form gave back is theirs as well. */
function busy(element) {
  if (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  const typed = element.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])");
  return chosen(element) || [...typed].some((field) => field.value !== (own ? "" : field.defaultValue));
}

/** Open <details> stay open. */
function keepOpen(from, to) {
  const open = [...from.querySelectorAll("details")].map((details) => details.open);
  to.querySelectorAll("details").forEach((details, at) => {
    if (open[at]) details.open = true;
  });
}

/** Whoever is on a link or button stays on it, if it is still there. */
function keepFocus(from, to, replace) {
  const focused = from.contains(document.activeElement) ? document.activeElement.textContent : null;
  replace();
  if (focused) [...to.querySelectorAll("a, button, summary")].find((e) => e.textContent === focused)?.focus();
}

function takeOverPart(mine, theirs) {
  if (mine.innerHTML === theirs.innerHTML || busy(mine)) return;
  keepOpen(mine, theirs);
  keepFocus(mine, mine, () => (mine.innerHTML = theirs.innerHTML));
  mine.querySelectorAll("[data-to-end]").forEach((list) => (list.scrollTop = list.scrollHeight));
}

/** Returns whether a new open card came in. */
function takeOverList(mine, theirs) {
  const old = new Map([...mine.children].map((child) => [child.dataset.key, child]));
  let fresh = false;
  const wanted = [...theirs.children].map((child) => {
    const here = old.get(child.dataset.key);
    old.delete(child.dataset.key);
    if (!here) {
      if (child.dataset.state === "open") {
        child.classList.add("fresh");
        fresh = true;
      }
      return child;
    }
    if (busy(here) || here.innerHTML === child.innerHTML) return here;
    keepOpen(here, child);
    keepFocus(here, child, () => here.replaceWith(child));
    return child;
  });
  for (const gone of old.values()) if (!busy(gone)) gone.remove();
  wanted.forEach((child, at) => {
    if (mine.children[at] !== child) mine.insertBefore(child, mine.children[at] ?? null);
  });
  return fresh;
}

/** A page that does not come within so long is asked for again: a line that died says nothing by itself. */
const PATIENCE_MS = 20_000;

let reading = false;
let again = false;

/** This page as it is now; null where somebody was signed out meanwhile. Rejects where nothing whole came. */
async function fetched() {
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${response.status}`);
  if (new URL(response.url, location).pathname !== new URL(address, location).pathname) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Take over what differs. Returns whether a new open card came in. */
function takeOver(page) {
  let fresh = false;
  const counted = /^\(\d+\) /;
  document.title = own ? (page.title.match(counted)?.[0] ?? "") + document.title.replace(counted, "") : page.title;
  for (const mine of document.querySelectorAll("[data-live]")) {
    const theirs = page.querySelector(`[data-live="${mine.dataset.live}"]`);
    if (theirs) takeOverPart(mine, theirs);
  }
  for (const mine of document.querySelectorAll("[data-live-list]")) {
    const theirs = page.querySelector(`[data-live-list="${mine.dataset.liveList}"]`);
    if (theirs) fresh = takeOverList(mine, theirs) || fresh;
  }
  return fresh;
}

/** Read this page again and take over what differs. Resolves to whether a new open card came in; rejects where the last
 * try to read it failed: what stands there may be old. However a try ends, the next one is free to begin. */
export async function readAgain() {
  again = true;
  if (reading) return false;
  reading = true;
  let fresh = false;
  try {
    while (again) {
      again = false;
      const page = await fetched();
      if (!page) {
        if (busy(document.body)) throw new Error("signed out"); // what is typed stays: sent, it comes back to be copied
        location.assign(address);
        return false;
      }
      fresh = takeOver(page) || fresh;
    }
  } finally {
    reading = false;
  }
  return fresh;
}

/** Call `changed` for every event of that name, for ever; `connection` hears whether the line is up; `others` has what
 * to call, with what it says, for events of other names. */
export function follow(url, changed, connection, others = {}) {
  const events = new EventSource(url);
  events.addEventListener("open", () => connection(true));
  events.addEventListener("changed", changed);
  for (const [name, call] of Object.entries(others)) events.addEventListener(name, (event) => call(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    connection(false);
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(() => follow(url, changed, connection, others), 3000);
      changed();
    }
  });
}
