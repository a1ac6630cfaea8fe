// Makes pipes look like a terminal: for a rehearsal of the full-screen client where no terminal can be had.
Object.assign(process.stdin, { isTTY: true, setRawMode: () => process.stdin });
Object.assign(process.stdout, { isTTY: true, columns: 120, rows: 36 });
