import { describe, expect, test } from 'vitest';
import { find } from '../../../../src/scan/find/find.ts';
import { secretRules } from '../../../../src/scan/find/rules/secret-rules.ts';
import { findInDoc } from '../driver.ts';

/** As random as secrets are, without being one. */
function letters(count: number, alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'): string {
  return Array.from({ length: count }, (_, i) => alphabet[(i * 7 + (i >> 3) * 5) % alphabet.length]).join('');
}
const hex = (count: number) => letters(count, '0123456789abcdef');
const upper = (count: number) => letters(count).toUpperCase();

/** For each rule a document in which it finds its secret under `v`, and one that looks like it and is harmless. */
const EXAMPLES: Readonly<Record<string, readonly [secret: object, harmless: object]>> = {
  anthropic_key: [{ v: `sk-ant-api03-${letters(93)}AA` }, { v: 'sk-ant-api03-short' }],
  authorization_header: [
    { v: `Authorization: Bearer ${letters(30)}` },
    { v: 'Authorization: Bearer <your-token-goes-here>' },
  ],
  aws_access_key: [{ v: 'the key is AKIAIOSFODNN7EXAMPLE.' }, { v: 'SLAVAKIAIOSFODNN7EXAMPLES' }],
  aws_secret_key: [{ v: `AWS_SECRET_ACCESS_KEY=${letters(40)}` }, { v: `aws_secret_access_key=${'a'.repeat(40)}` }],
  azure_storage_key: [{ v: `AccountName=x;AccountKey=${letters(86)}==;` }, { v: 'AccountKey=shorter==' }],
  couchdb_admin_hash: [
    { v: `admin = -pbkdf2:sha256-${hex(64)},${hex(32)},600000` },
    { v: 'see -pbkdf2- in the documentation, and -hashed- passwords' },
  ],
  digitalocean_token: [{ v: `dop_v1_${hex(64)}` }, { v: `dop_v1_${hex(63)}` }],
  github_token: [{ v: `git clone with ghp_${letters(36)}` }, { v: 'ghp_notatoken' }],
  gitlab_token: [{ v: `glpat-${letters(20)}` }, { v: 'glpat-short' }],
  google_api_key: [{ v: `AIza${letters(35)}` }, { v: `AIza${letters(36)}` }],
  json_web_token: [
    { v: `eyJ${letters(20)}.eyJ${letters(40)}.${letters(43)}` },
    { v: `eyJ${letters(20)}.${letters(40)}.${letters(43)}` },
  ],
  npm_token: [{ v: `//registry/:_authToken=npm_${letters(36)}` }, { v: 'npm_config_registry' }],
  openai_key: [{ v: `sk-${letters(20)}T3BlbkFJ${letters(20)}` }, { v: `sk-${letters(48)}` }],
  password: [
    { v: 'password = "h7Tz-qwVx2"' },
    { v: `password = "\${PASSWORD}"`, password: 'changeme', token: 'required' },
  ],
  private_key: [
    { v: '-----BEGIN RSA PRIVATE KEY-----\nMIIE' },
    { v: '-----BEGIN PUBLIC KEY-----\nMIIE, and no private key' },
  ],
  pypi_token: [{ v: `pypi-AgEIcHlwaS5vcmc${letters(60)}` }, { v: 'pypi-AgEIcHlwaS5vcmc' }],
  sendgrid_key: [{ v: `SG.${letters(22)}.${letters(43)}` }, { v: 'MSG.something.else' }],
  slack_token: [{ v: `xoxb-123456789012-${letters(24)}` }, { v: 'xoxb-example' }],
  slack_webhook: [
    { v: `https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${letters(24)}` },
    { v: 'https://hooks.slack.com/services/' },
  ],
  stripe_key: [{ v: `sk_live_${letters(24)}` }, { v: `pk_live_${letters(24)}, not sk_live_` }],
  telegram_token: [{ v: `123456789:AA${letters(33)}` }, { v: 'at 10:AAC' }],
  url_credentials: [
    { v: 'http://admin:s3cret@localhost:5984/db' },
    { v: 'http://localhost:5984/_utils#user:x@y and https://user:***@host/ and mailto://a@b' },
  ],
};

describe('secretRules', () => {
  test('have an example each', () => {
    expect(Object.keys(EXAMPLES)).toEqual(Object.keys(secretRules));
  });

  test.each(Object.entries(EXAMPLES))(
    '%s is found, and what only looks like it is not',
    async (tag, [secret, harmless]) => {
      const found = await findInDoc(find(secretRules), { _id: '1', ...secret });
      expect(found).toContainEqual({ tag, where: '/v', severity: expect.any(String) });
      expect(await findInDoc(find(secretRules), { _id: '1', ...harmless })).toEqual([]);
    },
  );

  test('find a secret by the name of its member', async () => {
    const doc = {
      _id: '1',
      password: 'h7Tz-qwVx2',
      headers: { Authorization: `Basic ${letters(24)}` },
      aws: { aws_secret_access_key: letters(40), region: 'eu-central-1' },
      token: { expires: '2026-11-21T19:20:00Z' },
    };
    const found = (await findInDoc(find(secretRules), doc)).map(({ tag, where }) => `${tag} ${where}`);
    expect(found).toEqual([
      'password /password',
      'authorization_header /headers/Authorization',
      'aws_secret_key /aws/aws_secret_access_key',
    ]);
  });

  test('find nothing in documents without secrets', async () => {
    const harmless = [
      { type: 'user', name: 'ada', mail: 'ada@example.com', created: '2026-11-21T19:20:00Z', roles: ['admin'] },
      { text: 'Forgot your password? Secret santa, a token of love, basic bread: 500 g flour.', n: 12 },
      { views: { all: { map: 'function (doc) { emit(doc.token, doc.password); }' } }, language: 'javascript' },
      { id: '0f3d9c1e-7b1c-4a57-9a1c-0c6b6d8b9a11', hash: hex(40), image: `data:image/png;base64,${letters(400)}` },
      { url: 'https://example.com/a?b=c#d', time: '12:34:56', ratio: '3:4', path: 'C:\\users\\ada' },
    ];
    for (const doc of harmless) expect(await findInDoc(find(secretRules), { _id: '1', ...doc })).toEqual([]);
  });
});
