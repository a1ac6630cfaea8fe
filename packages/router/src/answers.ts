/** Answers calls that need not wait, and distinguishes the registry's answers. */
import type { RegistryAnswer } from '@dualping/core';
import { toServiceError } from '@dualping/protocol';
import type { sendUnaryData } from '@grpc/grpc-js';

export function answerAtOnce<Response>(callback: sendUnaryData<Response>, answer: () => Response): void {
  try {
    callback(null, answer());
  } catch (error) {
    callback(toServiceError(error));
  }
}

/** The registry answers each kind of call with one kind of answer. */
export function expectAnswer<Kind extends RegistryAnswer['kind']>(
  answer: RegistryAnswer,
  kind: Kind,
): Omit<Extract<RegistryAnswer, { readonly kind: Kind }>, 'kind'> {
  if (answer.kind !== kind) throw new Error(`the registry answered "${answer.kind}" instead of "${kind}"`);
  return answer as Extract<RegistryAnswer, { readonly kind: Kind }>;
}
