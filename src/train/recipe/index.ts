export { copyModel } from './copy-model.js';
export type { CopyModelOptions } from './copy-model.js';
export { parseRecipe, readRecipe } from './recipe.js';
export type { Recipe, Stage } from './recipe.js';
export { runRecipe } from './run-recipe.js';
export type { RecipeOptions, StageProgress } from './recipe-options.js';
