import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { Refusal } from './refusal.ts';

/**
 * The JSON object that a request carries; an empty one where it carries nothing.
 *
 * @param most bytes
 * @throws Refusal for more bytes, and for what is no JSON object
 */
export async function requestObject(request: Request, most: number): Promise<JsonObject> {
  const text = await readText(request, most);
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new Refusal(400, 'bad_request', 'The body must be a JSON object');
}

async function readText({ body }: Request, most: number): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > most) {
      await reader.cancel();
      throw new Refusal(413, 'too_large', `The body has more than ${most} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
