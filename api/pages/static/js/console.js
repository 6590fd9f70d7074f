// Keeps a console page fresh: when the server says that something changed, the page reads itself again and takes over the
// parts that differ. Forms that somebody is typing in are left alone.

const announce = document.getElementById("announce");
const stale = document.getElementById("stale");
const MINUTE_MS = 60_000;

const conversation = location.pathname.match(/^\/console\/conversations\/([0-9a-f-]{36})$/)?.[1];
let reading = false;
let again = false;

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

function takeOverPart(mine, theirs) {
  if (mine.innerHTML === theirs.innerHTML || busy(mine)) return;
  keepOpen(mine, theirs);
  mine.innerHTML = theirs.innerHTML;
}

function takeOverList(mine, theirs) {
  const old = new Map([...mine.children].map((child) => [child.dataset.key, child]));
  let fresh = false;
  const wanted = [...theirs.children].map((child) => {
    const key = child.dataset.key;
    const here = old.get(key);
    old.delete(key);
    if (!here) {
      if (child.dataset.state === "open") {
        child.classList.add("fresh");
        fresh = true;
      }
      return child;
    }
    if (busy(here)) return here;
    const focused = here.contains(document.activeElement) ? document.activeElement.textContent : null;
    if (here.outerHTML === child.outerHTML || here.innerHTML === child.innerHTML) return here;
    keepOpen(here, child);
    here.replaceWith(child);
    if (focused) [...child.querySelectorAll("a, button, summary")].find((e) => e.textContent === focused)?.focus();
    return child;
  });
  for (const [, gone] of old) if (!busy(gone)) gone.remove();
  wanted.forEach((child, at) => {
    if (mine.children[at] !== child) mine.insertBefore(child, mine.children[at] ?? null);
  });
  if (fresh) setTimeout(() => (announce.textContent = announce.dataset.new), 50);
}

async function readAgain() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    const response = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok) continue;
    if (new URL(response.url).pathname !== location.pathname) return location.reload(); // signed out meanwhile
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const atEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 80;
    document.title = page.title;
    announce.textContent = "";
    for (const mine of document.querySelectorAll("[data-live]")) {
      const theirs = page.querySelector(`[data-live="${mine.dataset.live}"]`);
      if (theirs) takeOverPart(mine, theirs);
    }
    for (const mine of document.querySelectorAll("[data-live-list]")) {
      const theirs = page.querySelector(`[data-live-list="${mine.dataset.liveList}"]`);
      if (theirs) takeOverList(mine, theirs);
    }
    if (conversation && atEnd) scrollTo(0, document.documentElement.scrollHeight);
  } while (again);
  reading = false;
}

function connect() {
  const events = new EventSource(`/console/events${conversation ? `?conversation=${conversation}` : ""}`);
  events.addEventListener("open", () => {
    stale.hidden = true;
  });
  events.addEventListener("changed", readAgain);
  events.addEventListener("error", () => {
    stale.hidden = false;
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(connect, 3000);
      readAgain(); // shows the sign-in page if that is why
    }
  });
}

// One answer per form: a second press of an impatient finger is not a second deed.
addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else event.target.dataset.sent = "yes";
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

connect();
setInterval(readAgain, MINUTE_MS); // "12 min ago" goes on
if (conversation && location.hash === "#latest") document.getElementById("latest")?.scrollIntoView({ block: "end" });
