export { layOut, parseGrid } from './grid.js';
export type { Cell, CellGroup, Grid, StartCell } from './grid.js';
export { markdownResults, resultRows } from './results-table.js';
export type { ResultRow, Spread } from './results-table.js';
export { gridResults, runGrid } from './run-grid.js';
export type { CellResult, GridOptions } from './run-grid.js';
