/**
 * Cross-origin isolation, and the cache. Threads need COOP and COEP headers; where the host sends none, the service worker
 * adds them, which takes one reload. The same worker makes second visits fast and offline ones possible.
 */

/** Reloads for isolation are counted, so that a browser which gives none anyway does not reload for ever. */
const RELOADS = "kindling-isolation-reloads";
const MAX_RELOADS = 2;
const TAKEOVER_MILLIS = 10_000;

/** Whether the page may go on; `false` means that a reload is on its way. */
export async function ensureIsolation(): Promise<boolean> {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return true;
  const registering = navigator.serviceWorker.register(new URL("sw.js", document.baseURI), { updateViaCache: "none" });
  if (window.crossOriginIsolated) {
    sessionStorage.removeItem(RELOADS);
    registering.catch((error: unknown) => console.warn("no service worker: visits offline will not work", error));
    return true;
  }
  const reloads = Number(sessionStorage.getItem(RELOADS) ?? 0);
  if (reloads >= MAX_RELOADS) return true;
  try {
    const registration = await registering;
    await activated(registration);
  } catch (error) {
    console.warn("no service worker, so no isolation", error);
    return true;
  }
  sessionStorage.setItem(RELOADS, String(reloads + 1));
  window.location.reload();
  return false;
}

/** Waits until the worker would answer a reload. */
async function activated(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker === null || worker.state === "activated") return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the service worker did not start")), TAKEOVER_MILLIS);
    worker.addEventListener("statechange", () => {
      if (worker.state !== "activated" && worker.state !== "redundant") return;
      clearTimeout(timer);
      if (worker.state === "activated") resolve();
      else reject(new Error("the service worker was replaced while it started"));
    });
  });
}
