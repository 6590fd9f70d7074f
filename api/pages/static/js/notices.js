// The service worker of the console: shows a note that came in, and opens its escalation when somebody clicks it. It keeps
// nothing, fetches nothing, and stands between no page and the server.

const ESCALATION = /^\/console(\/e\/\d{1,12})?$/;

/** Only a page of the console, whatever a note says. */
function pathOf(said) {
  return ESCALATION.test(said?.path ?? "") ? said.path : "/console";
}

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    // No note of ours; a browser wants something shown all the same.
  }
  const path = pathOf(said);
  event.waitUntil(
    self.registration.showNotification(said.title || "Hearthline", {
      body: said.body || "",
      tag: path, // the same escalation again takes the place of the note before
      renotify: true,
      requireInteraction: true,
      icon: "/static/icon.svg",
      data: { path },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = pathOf(event.notification.data);
  event.waitUntil(
    (async () => {
      const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const there = open.find((client) => new URL(client.url).pathname === path);
      return there ? there.focus() : self.clients.openWindow(path);
    })(),
  );
});
