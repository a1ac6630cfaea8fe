/** Many values as one event. */
import { Observable, type OperatorFunction } from 'rxjs';

/** Emits the values within `withinMs` of a first value as one list; never emits an empty list. */
export const gathered =
  <T>(withinMs: number): OperatorFunction<T, readonly T[]> =>
  (source) =>
    new Observable((subscriber) => {
      let values: T[] = [];
      let timer: NodeJS.Timeout | undefined;
      const give = (): void => {
        clearTimeout(timer);
        timer = undefined;
        if (values.length === 0) return;
        const list = values;
        values = [];
        subscriber.next(list);
      };
      const subscription = source.subscribe({
        next: (value) => {
          values.push(value);
          timer ??= setTimeout(give, withinMs);
        },
        error: (error: unknown) => {
          give();
          subscriber.error(error);
        },
        complete: () => {
          give();
          subscriber.complete();
        },
      });
      return () => {
        clearTimeout(timer);
        subscription.unsubscribe();
      };
    });
