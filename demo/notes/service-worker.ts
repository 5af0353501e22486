/**
 * Keeps the page, so that it opens without a network: all of its files as one version, which is replaced as a whole. What the database
 * says goes past it, into the replica.
 *
 * @module
 */

/** Put in when the page is built: its files, and a name for just these contents. */
declare const SHELL: { readonly version: string; readonly files: readonly string[] };
declare const self: ServiceWorkerGlobalScope;

const KEPT = `notes ${SHELL.version}`;
const FILES: ReadonlySet<string> = new Set(SHELL.files.map((file) => new URL(file, self.location.href).href));

self.addEventListener('install', (event) => event.waitUntil(keep()));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
self.addEventListener('message', (event) => {
  if (event.data === 'take over') event.waitUntil(self.skipWaiting());
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method === 'GET' && FILES.has(`${origin}${pathname}`)) event.respondWith(answer(request));
});

async function keep(): Promise<void> {
  const cache = await caches.open(KEPT);
  // Past the browser's own cache, which may hold older files.
  await cache.addAll([...FILES].map((file) => new Request(file, { cache: 'reload' })));
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
}

async function answer(request: Request): Promise<Response> {
  const kept = await caches.match(request, { cacheName: KEPT, ignoreSearch: true });
  return kept ?? fetch(request);
}

export {};
