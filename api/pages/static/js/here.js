// Who is here: tells the server that somebody writes (never what) and which message was on the screen, and shows what it
// tells of the other side. Every word of it may get lost without harm.

const AGAIN_MS = 3000;
const timers = new WeakMap();

/** Tell it to `path`; resolves to whether it arrived. */
export async function tell(path, formToken, fields) {
  const response = await fetch(path, {
    method: "POST",
    body: new URLSearchParams({ form_token: formToken, ...fields }),
    headers: { Accept: "application/json" },
    keepalive: true, // also while the page goes away
  }).catch(() => null);
  return Boolean(response?.ok);
}

/** While somebody types in `field`, call `say("yes")` every three seconds, and `say("no")` when it is empty again.
 * Returns what to call when the words have been sent. */
export function whileTyping(field, say) {
  let last = -Infinity;
  field.addEventListener("input", () => {
    const now = performance.now();
    if (!field.value.trim()) {
      if (last > -Infinity) say("no");
      last = -Infinity;
    } else if (now - last >= AGAIN_MS) {
      last = now;
      say("yes");
    }
  });
  return () => (last = -Infinity);
}

/** Call `seen(number)` with the newest number (data-seq) of the elements of `select()` that are on the screen, each number
 * once, while the page is visible and `there()` says that somebody is. `seen` resolves to whether it arrived. */
export function onScreen(select, there, seen) {
  const visible = new Set();
  let told = 0;

  async function look() {
    if (document.visibilityState !== "visible" || !there()) return;
    const numbers = [...visible].filter((element) => element.isConnected).map((element) => Number(element.dataset.seq));
    const newest = Math.max(0, ...numbers);
    if (newest <= told) return;
    const before = told;
    told = newest;
    if (!(await seen(newest)) && told === newest) told = before;
  }

  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) visible[isIntersecting ? "add" : "delete"](target);
    look();
  });

  function watch() {
    observer.disconnect();
    visible.clear();
    for (const element of select()) observer.observe(element);
  }

  document.addEventListener("visibilitychange", look);
  watch();
  return { look, watch };
}

/** Show `text` in `element` for so many seconds, then `otherwise`. What is there already is not written again, so that a
 * screen reader says it once. */
export function show(element, text, seconds = 0, otherwise = "") {
  clearTimeout(timers.get(element));
  const wanted = text || otherwise;
  if (element.textContent !== wanted) element.textContent = wanted;
  if (text && seconds) timers.set(element, setTimeout(() => show(element, otherwise), seconds * 1000));
}
