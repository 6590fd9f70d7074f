// Keeps a console page fresh: when the server says that something changed, the page reads itself again.

import { attend } from "./conversation.js";
import { address, follow, readAgain } from "./live.js";

const MINUTE_MS = 60_000;
/** So soon after a try that failed the page is read again. */
const SOON_MS = 5_000;
const announce = document.getElementById("announce");
const arrived = document.getElementById("arrived");
const stale = document.getElementById("stale");
const conversation = address.match(/^\/console\/conversations\/([0-9a-f-]{36})(?:\?|$)/)?.[1];

const reply = document.getElementById("reply");
/** The form to answer in, or what is below it, is on screen: who is there wants the newest message above it. */
const replying = () => reply !== null && reply.getBoundingClientRect().bottom < innerHeight + 80;
/** Somebody uses what is below the answer (handing back): the page does not move under their hands. */
const busyBelow = () => document.querySelector(".turns :focus") !== null;
const toReply = () => reply?.scrollIntoView({ block: "end" });

/** Is the line to the server up, and was the page read as it is now? One of them is not enough to say that it is fresh. */
const fresh = { line: true, page: true };
const isFresh = (which, well) => {
  fresh[which] = well;
  stale.hidden = fresh.line && fresh.page;
};
/** How many wait to be taken on, as the top of this page says. */
const waiting = () => parseInt(document.querySelector("#waiting .badge")?.textContent ?? "0", 10);

let soon;
async function refresh() {
  clearTimeout(soon);
  const atEnd = replying() && !busyBelow();
  const before = waiting();
  announce.textContent = "";
  try {
    const came = await readAgain();
    isFresh("page", true);
    if (came) setTimeout(() => (announce.textContent = announce.dataset.new), 50);
    else if (waiting() > before) arrived.hidden = false; // a page that shows no cards says so on top
    if (!waiting()) arrived.hidden = true;
  } catch {
    isFresh("page", false);
    soon = setTimeout(refresh, SOON_MS);
  }
  if (atEnd) toReply();
  here?.readAgain();
}

// One answer per form: a second press of an impatient finger is not a second deed.
addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else event.target.dataset.sent = "yes";
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const here = conversation ? attend() : null;
follow(
  `/console/events${conversation ? `?conversation=${conversation}` : ""}`,
  refresh,
  (up) => isFresh("line", up),
  here ? { presence: here.show } : {},
);
setInterval(refresh, MINUTE_MS); // "12 min ago" goes on
if (conversation && location.hash === "#latest") {
  (reply ?? document.getElementById("latest"))?.scrollIntoView({ block: "end" });
}
