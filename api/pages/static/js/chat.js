// The live part of the chat: sends without a reload, keeps what could not be sent and sends it again, shows each message
// once, whatever the connection does. Nothing is kept beyond this tab's memory.

import { onScreen, show, tell, whileTyping } from "./here.js";

const main = document.getElementById("main");
const words = main.dataset;
const log = document.getElementById("log");
const lines = document.getElementById("lines");
const typing = document.getElementById("typing");
const banner = document.getElementById("banner");
const withWhom = document.getElementById("with");
const composer = document.getElementById("composer");
const field = composer.elements.body;
const formToken = composer.elements.form_token.value;

const presence = document.getElementById("presence");

const RETRIES_MS = [1000, 2000, 4000, 8000, 15000];
const ANSWER_WITHIN_MS = 15000;

const unsent = []; // {id, body, element}, oldest first
let sending = false;
let over = false;
let events;

// -- showing ---------------------------------------------------------------------------------------------------------

function shown(key) {
  return lines.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

function nearEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function add(element) {
  const follow = nearEnd();
  lines.querySelectorAll(".choices").forEach((choices) => choices.remove());
  lines.append(element);
  if (follow || element.classList.contains("theirs")) toEnd();
}

function receive({ key, html }) {
  const template = document.createElement("template");
  template.innerHTML = html; // rendered and escaped by our own server; the content security policy forbids scripts in it
  const line = template.content.firstElementChild;
  const earlier = shown(key);
  if (!earlier) {
    if (line.classList.contains("ours")) typing.hidden = true;
    add(line);
    screen.watch();
  } else if (earlier.dataset.mine) {
    // The page made this line itself when it was sent: now the server's word (and its time) counts.
    delete earlier.dataset.mine;
    earlier.classList.remove("pending");
    earlier.querySelector(".from").replaceWith(line.querySelector(".from"));
    settle(key);
  }
}

function pendingLine(id, body) {
  const line = document.createElement("li");
  line.className = "line theirs pending";
  line.dataset.key = `m-${id}`;
  line.dataset.mine = "yes";
  const from = document.createElement("p");
  from.className = "from";
  from.textContent = `${words.you} · ${words.sending}`;
  const text = document.createElement("p");
  text.className = "words";
  text.dir = "auto";
  text.textContent = body;
  line.append(from, text);
  return line;
}

function say(text) {
  banner.hidden = !text;
  banner.textContent = text;
}

function end() {
  over = true;
  events?.close();
  typing.hidden = true;
  if (document.querySelector(".over")) return;
  document.body.append(document.getElementById("ended").content.cloneNode(true));
  for (const part of document.querySelectorAll("main, header")) part.inert = !part.contains(document.getElementById("exit"));
  document.querySelector(".over a").focus();
}

// -- sending ---------------------------------------------------------------------------------------------------------

function newId() {
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function send(body) {
  const id = newId();
  const element = pendingLine(id, body);
  unsent.push({ id, body, element });
  add(element);
  flush();
}

function settle(key) {
  const at = unsent.findIndex((message) => `m-${message.id}` === key);
  if (at >= 0) unsent.splice(at, 1);
  if (!unsent.length) say("");
}

async function post(message) {
  const form = new URLSearchParams({ form_token: formToken, message_id: message.id, body: message.body });
  const response = await fetch("/chat/messages", {
    method: "POST",
    body: form,
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (response.ok) return "sent";
  if (response.status === 410) return "over";
  if (response.status === 400 || response.status === 413) return "refused";
  return "again";
}

async function flush() {
  if (sending || over) return;
  sending = true;
  let tries = 0;
  while (unsent.length && !over) {
    const message = unsent[0];
    const outcome = await post(message).catch(() => "again");
    if (outcome === "sent") {
      tries = 0;
      message.element.classList.remove("pending");
      if (message.element.dataset.mine) message.element.querySelector(".from").textContent = words.you;
      settle(`m-${message.id}`);
    } else if (outcome === "over") {
      end();
    } else if (outcome === "refused") {
      unsent.shift();
      message.element.remove();
      field.value = message.body;
      say(words.tooLong);
    } else {
      if (!unsent.includes(message)) continue; // the stream brought the word that it had arrived after all
      say(words.notSent);
      await waitToRetry(RETRIES_MS[Math.min(tries++, RETRIES_MS.length - 1)]);
    }
  }
  sending = false;
}

function waitToRetry(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
    addEventListener("online", done, { once: true });
  });
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = field.value;
  if (!body.trim()) return;
  field.value = "";
  field.rows = 1;
  sent();
  send(body);
  field.focus();
});

document.getElementById("choices").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!event.submitter) return;
  send(event.submitter.value);
  field.focus();
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

field.addEventListener("input", () => {
  field.rows = 1;
  const style = getComputedStyle(field);
  const room = field.scrollHeight - parseFloat(style.paddingBlockStart) - parseFloat(style.paddingBlockEnd);
  field.rows = Math.min(6, Math.max(1, Math.round(room / parseFloat(style.lineHeight))));
});

// -- who is here -----------------------------------------------------------------------------------------------------

// That somebody writes is told only while a worker is in the chat; what they write, only when it is sent.
const sent = whileTyping(field, (writing) => {
  if (withWhom.dataset.worker && !over) tell("/chat/here", formToken, { writing });
});
const screen = onScreen(
  () => lines.querySelectorAll("[data-seq]"),
  () => !over,
  (seen) => tell("/chat/here", formToken, { seen }),
);

// -- receiving -------------------------------------------------------------------------------------------------------

function connect() {
  events = new EventSource(`/chat/events?seen=${words.seen}`);
  events.addEventListener("open", () => {
    if (!unsent.length) say("");
    flush();
    screen.look();
  });
  events.addEventListener("line", (event) => {
    words.seen = event.lastEventId;
    receive(JSON.parse(event.data));
  });
  events.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    typing.hidden = !state.waiting;
    if (state.worker) withWhom.dataset.worker = state.worker;
    else delete withWhom.dataset.worker;
    withWhom.textContent = state.worker ? words.withWorker.replace("%name%", state.worker) : words.withComputer;
    if (!typing.hidden && nearEnd()) toEnd();
  });
  events.addEventListener("presence", (event) => {
    const here = JSON.parse(event.data);
    show(presence, here.writing, here.seconds, here.seen);
  });
  events.addEventListener("ended", end);
  events.addEventListener("error", async () => {
    say(navigator.onLine ? words.notSent : words.offline);
    if (events.readyState !== EventSource.CLOSED || over) return;
    // The server refused: either the chat is over, or something in between is broken for a moment.
    const response = await fetch("/chat/state", { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.status === 410) end();
    else setTimeout(connect, 3000);
  });
}

addEventListener("offline", () => say(words.offline));
addEventListener("online", () => {
  say(unsent.length ? words.notSent : "");
  flush();
});
addEventListener("beforeunload", (event) => {
  if (unsent.length && !over) event.preventDefault();
});
addEventListener("hearthline:leaving", () => {
  over = true;
  unsent.length = 0;
  events?.close();
});

toEnd();
connect();
if (matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true });
