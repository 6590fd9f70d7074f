// "My account": turns notifications on in this browser, marks it in the list, and off again when it is removed there.

const form = document.getElementById("turn-on");
const problem = document.getElementById("notices-problem");
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

/** The bytes of base64url. */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

async function mark(endpoint) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function subscribed() {
  const registration = await navigator.serviceWorker.getRegistration("/console");
  return registration?.pushManager.getSubscription() ?? null;
}

async function subscribe() {
  const registration = await navigator.serviceWorker.register("/console/notices.js", { scope: "/console" });
  await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    // It was on with a key that is not ours any more.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    return registration.pushManager.subscribe(options);
  }
}

async function turnOn(event) {
  event.preventDefault();
  say("");
  if ((await Notification.requestPermission()) !== "granted") {
    say(problem.dataset.denied);
    return;
  }
  try {
    const { endpoint, keys } = (await subscribe()).toJSON();
    form.elements.endpoint.value = endpoint;
    form.elements.p256dh.value = keys.p256dh;
    form.elements.auth.value = keys.auth;
    form.submit();
  } catch {
    say(problem.dataset.failed);
  }
}

async function showThis() {
  const mine = await subscribed();
  const row = mine && document.querySelector(`[data-mark="${await mark(mine.endpoint)}"]`);
  if (!row) return;
  row.querySelector("[data-this]").hidden = false;
  form.hidden = true;
  row.querySelector("form").addEventListener("submit", () => mine.unsubscribe());
}

if (able && form) {
  form.hidden = false;
  form.addEventListener("submit", (event) => turnOn(event));
  showThis().catch(() => {});
} else if (form) {
  say(problem.dataset.unable);
}
