/** A call of raw bytes, to see whether its caller is let in. */
import { type Client, type Metadata, type ServiceError, status } from '@grpc/grpc-js';

const DEADLINE_MS = 20_000;
const raw = (bytes: Buffer): Buffer => bytes;

/**
 * `in`, or the error that the caller was kept out with. A question may be refused for what it asks: then its
 * caller is in, too.
 *
 * @throws Error when there was no answer
 */
export async function rawCall(
  client: Client,
  path: string,
  question: Buffer,
  metadata: Metadata,
): Promise<ServiceError | 'in'> {
  const stream = client.makeBidiStreamRequest(path, raw, raw, metadata, {
    deadline: Date.now() + DEADLINE_MS,
  });
  try {
    return await new Promise((resolve, reject) => {
      stream.on('data', () => resolve('in'));
      stream.on('end', () => resolve('in'));
      stream.on('error', (error: ServiceError) => {
        if (error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED) resolve(error);
        else if (error.code === status.DEADLINE_EXCEEDED || error.code === status.UNAVAILABLE)
          reject(new Error(`${path}: ${error.message}`));
        else resolve('in');
      });
      stream.write(question);
      stream.end();
    });
  } finally {
    stream.cancel();
  }
}
