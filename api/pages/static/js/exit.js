// "Exit this page": cover the page at once, clear it, end the session, go somewhere neutral. The button is a plain form
// without JavaScript; with it, pressing Shift three times does the same.

const PRESSES = 3;
const WITHIN_MS = 5000;

const form = document.getElementById("exit");
const status = document.getElementById("exit-status");
let presses = [];

function leave() {
  const cover = document.createElement("div");
  cover.className = "exit-cover";
  document.body.replaceChildren(cover);
  document.title = " ";
  document.querySelector('link[rel="icon"]')?.remove();
  // A beacon is sent even while the page goes away. "quiet": it must not be led on to the neutral page itself.
  const quiet = new URLSearchParams({ quiet: "yes" });
  const ended = navigator.sendBeacon?.("/chat/exit", quiet);
  if (!ended) fetch("/chat/exit", { method: "POST", keepalive: true, body: quiet }).catch(() => {});
  globalThis.dispatchEvent(new Event("hearthline:leaving"));
  location.replace(form.dataset.to);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

addEventListener("keydown", (event) => {
  if (event.key !== "Shift" || event.repeat) return;
  const now = Date.now();
  presses = presses.filter((at) => now - at < WITHIN_MS);
  presses.push(now);
  if (presses.length >= PRESSES) leave();
  else if (status && presses.length === PRESSES - 1) status.textContent = form.dataset.armed;
});

addEventListener("keyup", (event) => {
  // Shift held to write a capital letter is not a press on its own.
  if (event.key !== "Shift" && event.shiftKey) presses = [];
});

// A page that comes back from the browser's memory is asked for again: the session may be over.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
