/** Why a stream ended, for people. */
import type { DualpingError } from '@dualping/core';
import type { StreamEnd } from '@dualping/protocol';

export const endText = (end: StreamEnd): string => {
  switch (end.kind) {
    case 'closed':
      return 'closed by this server';
    case 'ended':
      return 'the other side closed the stream';
    case 'broken':
      return end.error === undefined ? 'the connection broke' : errorText(end.error);
  }
};

const errorText = ({ reason, detail }: DualpingError): string =>
  detail === '' ? reason : `${reason}: ${detail}`;
