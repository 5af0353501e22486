import { InputError } from '../../core/errors.ts';

/** An attachment of which a pull could fetch the content. */
export interface OfferedAttachment {
  readonly id: string;
  readonly rev: string;
  readonly name: string;
  /** The MIME type, as it was uploaded. */
  readonly contentType: string;
  /** Bytes of the content, as it was uploaded. */
  readonly length: number;
  /** `md5-…`: the same content has the same digest everywhere. */
  readonly digest: string;
}

/** Of which attachments a pull fetches the content. */
export interface AttachmentSelection {
  /** Only of those that are no longer than this, in bytes. */
  readonly maxBytes?: number;
  /** Only of those for which this says so. */
  readonly match?: (attachment: OfferedAttachment) => boolean;
}

/** The same with its defaults; undefined where no content is fetched at all. */
export type AttachmentPolicy = Required<Pick<AttachmentSelection, 'maxBytes'>> & Pick<AttachmentSelection, 'match'>;

/**
 * @throws InputError for what is no selection
 */
export function attachmentPolicy(option: boolean | AttachmentSelection): AttachmentPolicy | undefined {
  if (option === false) return undefined;
  const { maxBytes = Number.POSITIVE_INFINITY, match } = option === true ? {} : option;
  if (!(maxBytes >= 0)) {
    throw new InputError(`Option attachments.maxBytes must be a number of bytes from 0 up, not ${String(maxBytes)}`);
  }
  return { maxBytes, ...(match === undefined ? {} : { match }) };
}

/** A policy in a word, as a checkpoint remembers it. What a function says stays unknown. */
export function nameOfPolicy(policy: AttachmentPolicy | undefined): string {
  if (policy === undefined) return 'none';
  const { maxBytes, match } = policy;
  const all = maxBytes === Number.POSITIVE_INFINITY ? 'all' : `to ${maxBytes}`;
  return match === undefined ? all : `${all}, matched`;
}
