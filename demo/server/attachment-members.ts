/**
 * Attachments on their way out, as the `_attachments` member of a document.
 *
 * @module
 */

import { identityBytes } from './attachments.ts';
import { quoteJson } from './json.ts';
import type { StoredAttachment } from './model.ts';

/** How attachments are shown in a document. */
export interface AttachmentView {
  /** `inline`: as base64 (`attachments=true`). `follows`: the content comes in parts of its own. Default: stubs. */
  readonly content?: 'inline' | 'follows' | undefined;
  /** With `content`: only what a later generation than this brought; the rest are stubs (`atts_since`). */
  readonly newerThan?: number | undefined;
  /** Whether to show how they are stored (`att_encoding_info=true`). */
  readonly encodingInfo?: boolean | undefined;
}

/**
 * The JSON text of `_attachments`.
 *
 * @example
 * ```ts
 * attachmentsJson(revision.attachments, { content: 'inline', newerThan: 2 });
 * ```
 */
export function attachmentsJson(attachments: readonly StoredAttachment[], view: AttachmentView): string {
  return `{${attachments.map((attachment) => `${quoteJson(attachment.name)}:${attachmentJson(attachment, view)}`)}}`;
}

/** The attachments whose content is shown, or follows; the others are stubs. */
export function withContent(attachments: readonly StoredAttachment[], view: AttachmentView): StoredAttachment[] {
  return attachments.filter((attachment) => hasContent(attachment, view));
}

/**
 * The generation up to which a client that knows the given revisions has everything: that of the newest of them on the
 * path of the revision asked for; 0 when none is.
 *
 * @param path the revision and its ancestors, newest first
 * @param known the revisions of `atts_since`
 */
export function knownGeneration(path: readonly string[], known: readonly string[]): number {
  const newest = path.find((rev) => known.includes(rev));
  return newest === undefined ? 0 : Number.parseInt(newest, 10);
}

function hasContent({ revpos }: StoredAttachment, { content, newerThan }: AttachmentView): boolean {
  return content !== undefined && (newerThan === undefined || revpos > newerThan);
}

function attachmentJson(attachment: StoredAttachment, view: AttachmentView): string {
  const { contentType, revpos, digest, length, encoding, stored } = attachment;
  let text = `{"content_type":${quoteJson(contentType)},"revpos":${revpos},"digest":"${digest}"`;
  if (!hasContent(attachment, view)) text += `,"length":${length},"stub":true`;
  else if (view.content === 'follows') text += `,"length":${length},"follows":true`;
  else text += `,"data":"${Buffer.from(identityBytes(attachment)).toString('base64')}"`;
  if (view.encodingInfo && encoding) text += `,"encoding":"${encoding}","encoded_length":${stored.length}`;
  return `${text}}`;
}
