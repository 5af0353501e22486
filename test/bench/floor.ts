/** What a way to read a source costs on the wire. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: number;
}

/**
 * The floor: reads every winner with the one request that is cheapest for CouchDB, parses each row, keeps nothing. No
 * program that looks at the documents can do less.
 */
export async function readFloor(address: string): Promise<Traffic> {
  const url = new URL(`${address}/_changes?style=all_docs&include_docs=true&seq_interval=1000`);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const credentials = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const response = await fetch(url, username === '' ? {} : { headers: { authorization: `Basic ${credentials}` } });
  if (!response.ok || response.body === null) throw new Error(`The source answered ${response.status}`);
  const decoder = new TextDecoder();
  let rows = 0;
  let bytes = 0;
  let rest = '';
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const chunk = read.value;
    bytes += chunk.byteLength;
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('{"seq"')) continue;
      JSON.parse(line.replace(/,\r?$/, ''));
      rows += 1;
    }
  }
  if (rows === 0) throw new Error('The source has no rows to read');
  return { requests: 1, bytes };
}
