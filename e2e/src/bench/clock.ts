/**
 * A clock that all processes of a machine share, ms: their instants can be compared.
 */
export const clockMs = (): number => Number(process.hrtime.bigint()) / 1_000_000;
