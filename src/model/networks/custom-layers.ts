// Importing this file registers our own layers with TensorFlow.js, which needs them to load a network that has them.

import './batch-norm.js';
import './input-layers.js';
import './input-layers.js';
import './layer-norm.js';
import './temporal-encoder.js';
import './residual-block.js';
import './seeded-dropout.js';
import './self-attention.js';
