// Keeps a console page fresh: when the server says that something changed, the page reads itself again.

import { attend } from "./conversation.js";
import { follow, readAgain } from "./live.js";

const MINUTE_MS = 60_000;
const announce = document.getElementById("announce");
const stale = document.getElementById("stale");
const conversation = location.pathname.match(/^\/console\/conversations\/([0-9a-f-]{36})$/)?.[1];

const reply = document.getElementById("reply");
/** The form to answer in, or what is below it, is on screen: who is there wants the newest message above it. */
const replying = () => reply !== null && reply.getBoundingClientRect().bottom < innerHeight + 80;
/** Somebody uses what is below the answer (handing back): the page does not move under their hands. */
const busyBelow = () => document.querySelector(".turns :focus") !== null;
const toReply = () => reply?.scrollIntoView({ block: "end" });

async function refresh() {
  const atEnd = replying() && !busyBelow();
  announce.textContent = "";
  const fresh = await readAgain();
  if (fresh) setTimeout(() => (announce.textContent = announce.dataset.new), 50);
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
  (up) => (stale.hidden = up),
  here ? { presence: here.show } : {},
);
setInterval(refresh, MINUTE_MS); // "12 min ago" goes on
if (conversation && location.hash === "#latest") {
  (reply ?? document.getElementById("latest"))?.scrollIntoView({ block: "end" });
}
