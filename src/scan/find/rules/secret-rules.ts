import type { FindRules } from '../rule.ts';

/** What stands where a secret would, so that people put theirs there. */
const PLACEHOLDERS =
  '(?i)^(?:[*x.]+|<.*>?|\\$?\\{.*|%.*%?|your.*|.*example|change.?(?:me|it)|placeholder|undefined|redacted)$';

/**
 * Rules for well-known kinds of secrets, chosen so that what they find is one. Each has keywords: documents without them cost next to
 * nothing.
 *
 * @example
 * ```ts
 * const plugin = find([secretRules, { staff_number: /\bEMP-\d{6}\b/ }]);
 * ```
 */
export const secretRules: FindRules = {
  anthropic_key: {
    description: 'Anthropic API key',
    severity: 'high',
    pattern: '\\bsk-ant-(?:api|admin)\\d\\d-[\\w-]{80,}',
    keywords: ['sk-ant-'],
  },
  authorization_header: {
    description: 'Credentials of an HTTP request',
    severity: 'high',
    pattern: '(?i)\\bauthorization["\']?\\s*[:=]\\s*["\']?(?:basic|bearer|token)\\s+([\\w~+/.=-]{16,})',
    keywords: ['authorization'],
    members: true,
    entropy: 3,
    allow: [PLACEHOLDERS],
  },
  aws_access_key: {
    description: 'Identifier of an AWS access key',
    severity: 'high',
    pattern: '\\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\\b',
    keywords: ['akia', 'asia', 'abia', 'acca'],
  },
  aws_secret_key: {
    description: 'Secret of an AWS access key',
    severity: 'critical',
    pattern:
      '(?i)\\baws[\\w.-]{0,30}(?:secret|key)[\\w.-]{0,20}["\']?\\s*[:=]\\s*["\']?([a-z0-9/+]{40})(?:[^a-z0-9/+=]|$)',
    keywords: ['aws'],
    members: true,
    entropy: 4,
    allow: [PLACEHOLDERS],
  },
  azure_storage_key: {
    description: 'Key of an Azure storage account',
    severity: 'critical',
    pattern: '(?i)\\bAccountKey=([a-z0-9+/]{86}==)',
    keywords: ['accountkey='],
  },
  couchdb_admin_hash: {
    description: 'Hashed password of a CouchDB administrator, as in local.ini',
    severity: 'high',
    pattern: '-(?:pbkdf2(?::sha\\d+)?-[0-9a-f]{40,128},[^,\\s]{1,128},\\d+|hashed-[0-9a-f]{40},[0-9a-f]{32})',
    keywords: ['-pbkdf2', '-hashed-'],
  },
  digitalocean_token: {
    description: 'DigitalOcean token',
    severity: 'high',
    pattern: '\\bdo[opr]_v1_[0-9a-f]{64}\\b',
    keywords: ['doo_v1_', 'dop_v1_', 'dor_v1_'],
  },
  github_token: {
    description: 'GitHub token',
    severity: 'high',
    pattern: '\\b(?:gh[opsru]_[A-Za-z0-9]{36,255}|github_pat_\\w{82})\\b',
    keywords: ['gho_', 'ghp_', 'ghr_', 'ghs_', 'ghu_', 'github_pat_'],
  },
  gitlab_token: {
    description: 'GitLab token',
    severity: 'high',
    pattern: '\\bgl(?:pat|dt|ptt|rt|soat)-[\\w-]{20,}',
    keywords: ['glpat-', 'gldt-', 'glptt-', 'glrt-', 'glsoat-'],
  },
  google_api_key: {
    description: 'Google API key',
    severity: 'high',
    pattern: '\\bAIza[\\w-]{35}(?:[^\\w-]|$)',
    keywords: ['aiza'],
  },
  json_web_token: {
    description: 'JSON Web Token, signed',
    severity: 'medium',
    pattern: '\\beyJ[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{20,}',
    keywords: ['eyj'],
  },
  npm_token: {
    description: 'npm access token',
    severity: 'high',
    pattern: '\\bnpm_[A-Za-z0-9]{36}\\b',
    keywords: ['npm_'],
  },
  openai_key: {
    description: 'OpenAI API key',
    severity: 'high',
    pattern: '\\bsk-[\\w-]{20,}T3BlbkFJ[\\w-]{20,}',
    keywords: ['t3blbkfj'],
  },
  password: {
    description: 'A password, or something like it, with its name',
    severity: 'medium',
    pattern:
      '(?i)(?:password|passwd|passphrase|secret|api[_-]?key|(?:access|auth|refresh)[_-]?token)["\']?\\s*[:=]{1,2}\\s*["\']?([^\\s"\',;]{8,200})',
    keywords: ['password', 'passwd', 'passphrase', 'secret', 'api_key', 'api-key', 'apikey', 'token'],
    members: true,
    entropy: 2.7,
    allow: [PLACEHOLDERS],
  },
  private_key: {
    description: 'Private key',
    severity: 'critical',
    pattern: '-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----',
    keywords: ['private key'],
  },
  pypi_token: {
    description: 'PyPI upload token',
    severity: 'high',
    pattern: '\\bpypi-AgEIcHlwaS5vcmc[\\w-]{50,}',
    keywords: ['pypi-ageichlwas5vcmc'],
  },
  sendgrid_key: {
    description: 'SendGrid API key',
    severity: 'high',
    pattern: '\\bSG\\.[\\w-]{20,24}\\.[\\w-]{39,50}',
    keywords: ['sg.'],
  },
  slack_token: {
    description: 'Slack token',
    severity: 'high',
    pattern: '\\bxox[abeoprs]-(?:\\d+-)?[A-Za-z0-9-]{20,}',
    keywords: ['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-'],
  },
  slack_webhook: {
    description: 'Slack webhook',
    severity: 'medium',
    pattern: '\\bhooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,60}',
    keywords: ['hooks.slack.com'],
  },
  stripe_key: {
    description: 'Stripe secret or restricted key',
    severity: 'critical',
    pattern: '\\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,}',
    keywords: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
  },
  telegram_token: {
    description: 'Token of a Telegram bot',
    severity: 'high',
    pattern: '\\b\\d{8,10}:AA[\\w-]{33}(?:[^\\w-]|$)',
    keywords: [':aa'],
  },
  url_credentials: {
    description: 'A user with a password in a URL',
    severity: 'high',
    pattern: '(?i)\\b[a-z][a-z0-9+.-]{1,30}://[^\\s/?#:@"\'<>]{1,100}:([^\\s/?#@"\'<>]{3,200})@[a-z0-9[]',
    keywords: ['://'],
    allow: [PLACEHOLDERS],
  },
};
