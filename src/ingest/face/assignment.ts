/**
 * Pairs rows with columns so that the sum of costs is smallest (Hungarian method with potentials, O(n^3)).
 * @param cost [rows][columns]; Infinity forbids a pair
 * @returns [row, column] pairs; rows and columns for which only forbidden pairs are left stay single
 * @see Kuhn 1955; Munkres 1957; the shortest augmenting path form of Jonker and Volgenant 1987
 */
export function assign(cost: readonly (readonly number[])[]): [row: number, column: number][] {
  const rows = cost.length;
  const columns = cost[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return [];
  // Forbidden pairs get a price above any sum of allowed ones, so that a square matrix always has a solution.
  const allowed = cost.flat().filter(Number.isFinite);
  const forbidden = 1 + allowed.reduce((sum, value) => sum + Math.abs(value), 0);
  const n = Math.max(rows, columns);
  const price = (row: number, column: number): number => {
    const value = cost[row]?.[column] ?? Infinity;
    return Number.isFinite(value) ? value : forbidden;
  };
  const owner = solveSquare(n, price);
  const pairs: [number, number][] = [];
  for (let column = 0; column < columns; column++) {
    const row = owner[column]!;
    if (row < rows && Number.isFinite(cost[row]![column]!)) pairs.push([row, column]);
  }
  return pairs.sort((a, b) => a[0] - b[0]);
}

/** The row assigned to each column of an n x n problem. */
function solveSquare(n: number, price: (row: number, column: number) => number): number[] {
  const rowPotential = new Float64Array(n + 1);
  const columnPotential = new Float64Array(n + 1);
  const owner = new Int32Array(n + 1).fill(-1);
  const previous = new Int32Array(n + 1);
  // Column n is a stand-in from which each row's search starts.
  for (let row = 0; row < n; row++) {
    owner[n] = row;
    const slack = new Float64Array(n + 1).fill(Infinity);
    const visited = new Uint8Array(n + 1);
    let column = n;
    do {
      visited[column] = 1;
      const from = owner[column]!;
      let step = Infinity;
      let next = -1;
      for (let j = 0; j < n; j++) {
        if (visited[j] === 1) continue;
        const reduced = price(from, j) - rowPotential[from]! - columnPotential[j]!;
        if (reduced < slack[j]!) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (slack[j]! < step) {
          step = slack[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= n; j++) {
        if (visited[j] === 1) {
          rowPotential[owner[j]!]! += step;
          columnPotential[j]! -= step;
        } else {
          slack[j]! -= step;
        }
      }
      column = next;
    } while (owner[column] !== -1);
    while (column !== n) {
      const before = previous[column]!;
      owner[column] = owner[before]!;
      column = before;
    }
  }
  return [...owner.slice(0, n)];
}
