// Keeps the inspector's page on the phone, so that it opens without a network. The server writes version and files into it.

const VERSION = "{version}";
const FILES = {files};
const PAGES = ["/inspector?lang=vi", "/inspector?lang=en", "/inspector?lang=zh"];

self.addEventListener("install", (event) => {
  // All of a release or nothing of it: modules of two releases must not meet.
  const kept = caches.open(VERSION).then((cache) => cache.addAll(FILES));
  event.waitUntil(kept.then(() => Promise.all(PAGES.map(keepPage))).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name !== VERSION && name !== "pages");
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

async function keepPage(address) {
  const answer = await fetch(address, { credentials: "same-origin", redirect: "manual" }).catch(() => null);
  // A way to sign in is no page of the app.
  if (answer?.ok && answer.type === "basic") await (await caches.open("pages")).put(address, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (FILES.includes(address.pathname)) event.respondWith(fromCache(event.request, address.pathname));
  else if (address.pathname === "/inspector" && event.request.mode === "navigate") event.respondWith(page(event.request, address));
});

async function fromCache(request, path) {
  return (await (await caches.open(VERSION)).match(path)) ?? fetch(request);
}

// The page as it is now; without a network, or where the session has ended, as it was: what it knows works without either.
async function page(request, address) {
  const language = address.searchParams.get("lang");
  const name = PAGES.find((one) => one.endsWith(`=${language}`)) ?? PAGES[0];
  const kept = async () => (await caches.open("pages")).match(name);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected && answer.type === "basic" && language) await (await caches.open("pages")).put(name, answer.clone());
    return answer.status >= 500 ? ((await kept()) ?? answer) : answer;
  } catch {
    return (await kept()) ?? Response.error();
  }
}
