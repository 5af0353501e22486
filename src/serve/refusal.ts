/** Why a request is refused, in words for who sent it. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: string;
  /** After how many seconds to ask again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, error: string, reason: string, retryAfter?: number) {
    super(reason);
    this.status = status;
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** The answer to a request that is refused; to one that fails otherwise, an answer that gives nothing away. */
export function refusalOf(error: unknown): Response {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'failed', 'This did not work; ask the operator');
  const headers = {
    'cache-control': 'no-store',
    ...(refusal.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(refusal.retryAfter === undefined ? {} : { 'retry-after': String(refusal.retryAfter) }),
  };
  return Response.json({ error: refusal.error, reason: refusal.message }, { status: refusal.status, headers });
}
