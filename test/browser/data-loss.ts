/**
 * Hears what the browser says it has thrown away of what the site had stored, from the next opening of a database on.
 *
 * Chromium keeps IndexedDB in LevelDB, and goes on in a log whose last record is torn (`reuse_logs`). It cannot read that one
 * the next time, throws away all that the site has, and says so in a member of its own of `upgradeneeded`.
 */
export function hearOfDataLoss(): () => string | undefined {
  let loss: string | undefined;
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...asked) {
    const request = open.apply(this, asked);
    request.addEventListener('upgradeneeded', (event) => {
      if ('dataLoss' in event && event.dataLoss === 'total') loss = String(Reflect.get(event, 'dataLossMessage'));
    });
    return request;
  };
  return () => loss;
}
