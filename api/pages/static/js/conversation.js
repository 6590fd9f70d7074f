// A conversation's page in the console: says that a worker is here, writes, and has seen what the person wrote; shows who
// else is here. A page that is open on a desk where nobody sits says none of it.

import { onScreen, show, tell, whileTyping } from "./here.js";

/** Nobody has "seen" a message unless they moved, typed or touched so shortly before, or since. */
const READING_MS = 10_000;
/** Nobody "looks" at a page that they have not used for so long. */
const USING_MS = 120_000;
const AGAIN_MS = 20_000;

/** Returns what to call with what the server says of who is here, and when the page has read itself again. */
export function attend() {
  const form = document.getElementById("reply");
  const writing = document.getElementById("writing");
  const others = document.getElementById("others");
  if (!form) return { show() {}, readAgain() {} }; // an ended chat: nobody is there to hear of it
  const path = form.action.replace(/reply$/, "here");
  const formToken = form.elements.form_token.value;
  let used = performance.now();
  let goesOn = false;

  const within = (ms) => performance.now() - used < ms;
  const say = (fields) => tell(path, formToken, fields);
  const looks = () => document.visibilityState === "visible" && within(USING_MS);

  const screen = onScreen(
    () => document.querySelectorAll(".thread [data-seq]"),
    () => within(READING_MS),
    (seen) => say({ seen }),
  );

  function isUsed() {
    const [read, looked] = [within(READING_MS), looks()];
    used = performance.now();
    if (!read) screen.look();
    if (!looked && looks()) say({});
  }
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, isUsed, { passive: true });
  }

  whileTyping(form.elements.words, (now) => say({ writing: now }));
  form.addEventListener("submit", () => (goesOn = true)); // the same page comes back
  addEventListener("pagehide", () => {
    if (!goesOn) say({ gone: "yes" });
  });
  document.addEventListener("visibilitychange", () => {
    if (looks()) say({});
  });
  setInterval(() => {
    if (looks()) say({});
  }, AGAIN_MS);
  if (looks()) say({});

  return {
    show(here) {
      show(writing, here.writing, here.seconds);
      show(others, here.others);
    },
    readAgain: screen.watch,
  };
}
