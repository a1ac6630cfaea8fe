/** placeholder until the editor lands */
export interface Editor {
  readonly text: string;
  readonly cursor: number;
}
