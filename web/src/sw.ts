/**
 * The service worker: adds the isolation headers where the host sends none, and keeps the site for offline visits.
 *
 * Files with a hash in their path never change, so they are served from the cache for good. The page itself is asked for from
 * the network first. Files that a new version no longer has go when it takes over.
 */

declare const SITE_VERSION: string;
/** Paths of the hashed files, relative to this script. */
declare const SITE_FILES: string[];
/** Paths of the others, such as the bundled notebooks: newest from the network, else from the cache. */
declare const SITE_UNHASHED: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = "kindling";
const base = new URL("./", worker.location.href);
const absolute = (path: string): string => new URL(path, base).href;
const files = new Set(SITE_FILES.map(absolute));
const unhashed = new Set(SITE_UNHASHED.map(absolute));

worker.addEventListener("install", () => {
  void worker.skipWaiting();
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      await worker.clients.claim();
      const cache = await caches.open(CACHE);
      for (const request of await cache.keys()) {
        if (!files.has(request.url) && !unhashed.has(request.url) && request.url !== base.href) await cache.delete(request);
      }
    })(),
  );
  // Not part of activation, which must not wait for tens of megabytes.
  void precache();
});

/** Fetches what the page did not ask for while this worker was not there yet. */
async function precache(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const url of [base.href, ...files, ...unhashed]) {
    try {
      if (!(await cache.match(url))) kept(cache, url, await fetch(url));
    } catch {
      // Offline or over quota: the file is fetched when it is asked for.
    }
  }
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return;
  if (request.headers.has("range")) return;
  url.hash = "";
  if (files.has(url.href)) event.respondWith(cacheFirst(event));
  else if (request.mode === "navigate") event.respondWith(networkFirst(event, base.href));
  else if (unhashed.has(url.href)) event.respondWith(networkFirst(event, url.href));
  else event.respondWith(fetch(request).then(isolated));
});

async function cacheFirst({ request }: FetchEvent): Promise<Response> {
  const cache = await caches.open(CACHE);
  const cached = await cache.match(request.url);
  if (cached !== undefined) return cached;
  return kept(cache, request.url, await fetch(request));
}

async function networkFirst({ request }: FetchEvent, key: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    return kept(cache, key, await fetch(request));
  } catch (error) {
    const cached = await cache.match(key);
    if (cached !== undefined) return cached;
    throw error;
  }
}

/** Stores the response as it is answered; the page does not wait for that. */
function kept(cache: Cache, url: string, response: Response): Response {
  const answer = isolated(response);
  // Over quota the site still works, only not offline.
  if (response.status === 200) cache.put(url, answer.clone()).catch(() => undefined);
  return answer;
}

/** The response with the headers that isolation needs. */
function isolated(response: Response): Response {
  if (response.status === 0 || response.headers.get("cross-origin-embedder-policy") !== null) return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  headers.set("cross-origin-resource-policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

console.debug(`Kindling ${SITE_VERSION}: service worker for ${base.href}`);
