import net from 'node:net';
import { inject } from 'vitest';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../../support/test-product.ts';

/** The product of one test file, with a way to send bytes that no client library would. */
export interface EdgeProduct {
  readonly product: TestProduct;
  readonly database: TestDatabase;
  /** Sends bytes on a connection of its own; what came back until the server closed it. */
  sendRaw(bytes: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

const RAW_TIMEOUT_MS = 5_000;

export async function startEdgeProduct(environment: Readonly<Record<string, string>> = {}): Promise<EdgeProduct> {
  const database = await createTestDatabase();
  const product = await startTestProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl'), environment });
  return {
    product,
    database,
    sendRaw: (bytes) => sendRaw(product.port, bytes),
    close: async () => {
      await product.stop();
      await database.drop();
    },
  };
}

function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(RAW_TIMEOUT_MS, () => socket.destroy(new Error(`no answer: ${text}`)));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
  });
}

/** A whole answer off the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export function readRaw(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
