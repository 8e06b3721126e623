// Importing this file registers our own layers with TensorFlow.js, which needs them to load a network that has them.
import './batch-norm.js';
import './enlarge.js';
import './layer-norm.js';
import './positional-code.js';
import './relu.js';
import './seeded-dropout.js';
import './self-attention.js';
import './standardise-image.js';
