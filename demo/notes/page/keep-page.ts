/**
 * Has a service worker keep the page itself. Where that finds a new version of it, a button offers to show that, which reloads the
 * page in all tabs; otherwise it is there when all of them have been closed.
 */
export async function keepPage(newer: HTMLButtonElement): Promise<void> {
  // There is none where the page comes over plain HTTP from another machine.
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.register('./service-worker.js');
  const offer = (): void => {
    newer.hidden = registration.waiting === null;
  };
  const follow = (): void => registration.installing?.addEventListener('statechange', offer);
  registration.addEventListener('updatefound', follow);
  follow();
  offer();
  newer.addEventListener('click', () => registration.waiting?.postMessage('take over'));
  serviceWorker.addEventListener('controllerchange', () => location.reload());
}
