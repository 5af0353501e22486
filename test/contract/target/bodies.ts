import { memberText } from '../../../src/core/json-text.ts';
import { equal, ok } from '../assert.ts';
import type { TargetCase, TargetSubject } from '../target-case.ts';
import { missing, offered, revision } from './actions.ts';

/** What is kept of a revision's content, and how much of it. */
export const bodies: readonly TargetCase[] = [
  {
    name: 'keeps the text of a body as it came',
    async run({ open, text }) {
      const target = await open();
      const kept: readonly string[] = [
        '{}',
        '{"large":12345678901234567890,"exact":1.10,"tiny":1e-400,"minus":-0}',
        '{"z":1,"a":2,"10":3,"9":4}',
        '{"escaped":"\\u00e9\\/\\ud834\\udd1e","plain":"é𝄞","half":"\\ud800","zero":"\\u0000"}',
        '{"nested":{"_id":"x","_rev":"y","_revisions":{"start":1,"ids":[]},"_attachments":{}}}',
        '{"":"","__proto__":1,"constructor":2}',
        '{"braces":"}{][\\"\\\\"}',
      ];
      await target.writeBatch({ revisions: kept.map((body, at) => revision(`document ${at}`, '1-x', { body })) });
      for (const [at, body] of kept.entries()) {
        const found = (await text(`document ${at}`, '1-x')) ?? '';
        ok(found.includes(body.slice(1, -1)), `The text ${found} lacks ${body}`);
        equal(memberText(found, 0, '_id'), `"document ${at}"`, 'The id');
        equal(memberText(found, 0, '_rev'), '"1-x"', 'The revision');
      }
    },
  },
  {
    name: 'keeps the stubs of attachments with their revision',
    async run({ open, text }) {
      const target = await open();
      const attachments = '{"a.txt":{"content_type":"text/plain","revpos":1,"digest":"md5-x","length":3,"stub":true}}';
      await target.writeBatch({ revisions: [revision('a', '1-x', { attachments }), revision('a', '1-y')] });
      equal(memberText((await text('a', '1-x')) ?? '', 0, '_attachments'), attachments);
      equal(memberText((await text('a', '1-y')) ?? '', 0, '_attachments'), undefined);
    },
  },
  {
    name: 'keeps bodies larger than a value, whole, beside small ones',
    async run(subject) {
      const sizes = [1, 65_535, 65_536, 65_537, 300_000, 10, 1_500_000, 0];
      // Characters of one to four bytes, so that a cut at any byte falls into some of them.
      const texts = sizes.map((size) => 'aé€𝄞'.repeat(Math.ceil(size / 10)).slice(0, size));
      await keeps(subject, texts);
    },
  },
  {
    name: 'keeps more in one batch than a store commits at once',
    async run(subject) {
      await keeps(
        subject,
        Array.from({ length: 1100 }, (_, at) => String(at).padEnd(1500, 'x')),
      );
    },
  },
  {
    name: 'keeps one batch of very many small documents',
    async run({ open }) {
      const target = await open();
      const batch = { revisions: Array.from({ length: 3000 }, (_, at) => revision(`document ${at}`, '1-x')) };
      equal(await target.writeBatch(batch), { written: 3000, rejected: [] });
      equal(await target.diff(offered(batch)), []);
    },
  },
];

/** Writes documents with these texts in one batch, and expects all of them back. */
async function keeps({ open, text }: TargetSubject, texts: readonly string[]): Promise<void> {
  const target = await open();
  const revisions = texts.map((value, at) => revision(`document ${at}`, '1-x', { body: JSON.stringify({ value }) }));
  equal(await target.writeBatch({ revisions }), { written: texts.length, rejected: [] });
  for (const [at, value] of texts.entries()) {
    equal(await missing(target, `document ${at}`, '1-x'), [], `What is missing of document ${at}`);
    const found = JSON.parse((await text(`document ${at}`, '1-x')) ?? '{}').value;
    ok(found === value, `Document ${at}, of ${value.length} characters, came back different`);
  }
}
