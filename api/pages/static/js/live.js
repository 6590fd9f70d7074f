// Pages that read themselves again: parts marked data-live are taken over when they differ, lists marked data-live-list
// card by card (by data-key). Whatever somebody is typing in is left alone.

/** Is somebody in the middle of something here? */
function busy(element) {
  if (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  return [...element.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
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

let reading = false;
let again = false;

/** Read this page again and take over what differs. Resolves to whether a new open card came in. */
export async function readAgain() {
  if (reading) {
    again = true;
    return false;
  }
  reading = true;
  let fresh = false;
  do {
    again = false;
    const response = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok) continue;
    if (new URL(response.url).pathname !== location.pathname) {
      location.reload(); // signed out meanwhile
      return false;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.title = page.title;
    for (const mine of document.querySelectorAll("[data-live]")) {
      const theirs = page.querySelector(`[data-live="${mine.dataset.live}"]`);
      if (theirs) takeOverPart(mine, theirs);
    }
    for (const mine of document.querySelectorAll("[data-live-list]")) {
      const theirs = page.querySelector(`[data-live-list="${mine.dataset.liveList}"]`);
      if (theirs) fresh = takeOverList(mine, theirs) || fresh;
    }
  } while (again);
  reading = false;
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
