import { isStoreError } from '../../core/errors.ts';

/** What a decoder makes of the bytes of a record; undefined where it finds them damaged. Other errors are thrown. */
export function tryDecode<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (isStoreError(error) && error.failure === 'corrupt') return undefined;
    throw error;
  }
}
