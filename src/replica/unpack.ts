import { StoreError } from '../core/errors.ts';

/**
 * Unpacks content that CouchDB has compressed, as fast as it is asked for.
 *
 * @throws StoreError (`corrupt`) where it cannot be unpacked
 */
export async function* unpack(
  packed: AsyncGenerator<Uint8Array, void, undefined>,
  encoding: string | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (encoding !== 'gzip')
    throw new StoreError(`Content with the encoding ${JSON.stringify(encoding)} cannot be read`, 'newer');
  // What the source of the stream throws comes out of the other end as the stream's own error.
  let failure: unknown;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await packed.next();
          if (done) controller.close();
          else controller.enqueue(new Uint8Array(value));
        } catch (error) {
          failure = error;
          controller.error(error);
        }
      },
      async cancel() {
        await packed.return();
      },
    },
    { highWaterMark: 0 },
  );
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw (
      failure ??
      new StoreError('The replica is damaged: a compressed content cannot be unpacked', 'corrupt', { cause: error })
    );
  } finally {
    await reader.cancel().catch(() => {});
  }
}
