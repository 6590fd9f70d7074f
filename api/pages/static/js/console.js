// Keeps a console page fresh: when the server says that something changed, the page reads itself again.

import { attend } from "./conversation.js";
import { follow, readAgain } from "./live.js";

const MINUTE_MS = 60_000;
const announce = document.getElementById("announce");
const stale = document.getElementById("stale");
const conversation = location.pathname.match(/^\/console\/conversations\/([0-9a-f-]{36})$/)?.[1];

async function refresh() {
  const atEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 80;
  announce.textContent = "";
  const fresh = await readAgain();
  if (fresh) setTimeout(() => (announce.textContent = announce.dataset.new), 50);
  if (conversation && atEnd) scrollTo(0, document.documentElement.scrollHeight);
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
if (conversation && location.hash === "#latest") document.getElementById("latest")?.scrollIntoView({ block: "end" });
