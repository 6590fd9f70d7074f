// The demo's phones: texts go out without a reload, and every phone, the clock and the unread counts stay fresh.

import { follow, readAgain } from "./live.js";

/** A try that failed is made up for by the next. */
const refresh = () => readAgain().catch(() => {});

function toEnd() {
  document.querySelectorAll("[data-to-end]").forEach((list) => (list.scrollTop = list.scrollHeight));
}

addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.target || !["/demo/texts", "/demo/clock"].includes(new URL(form.action).pathname)) return;
  event.preventDefault();
  const sent = new URLSearchParams(new FormData(form, event.submitter));
  form.querySelector("textarea")?.form.reset();
  await fetch(form.action, { method: "POST", body: sent, redirect: "manual" }).catch(() => {});
  await refresh();
});

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches(".write textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

toEnd();
follow("/demo/events", refresh, () => {});
setInterval(refresh, 30_000); // the clock goes on
