import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../train/config/read-config.js';
import { parseSettings } from './train.js';

describe('settings on the command line', () => {
  it('are nested by the dots of their names', () => {
    expect(
      parseSettings(['optimizer.lr=0.001', 'optimizer.name=adam', 'epochs=3', 'augment.noise.probability=1']),
    ).toEqual({
      optimizer: { lr: 0.001, name: 'adam' },
      epochs: 3,
      augment: { noise: { probability: 1 } },
    });
  });

  it('are JSON where they can be read so, else text', () => {
    const { a, b, c, d, e, f } = parseSettings([
      'a=null',
      'b=[1,2]',
      'c=true',
      'd=manifest:my data',
      'e={"x":1}',
      'f=',
    ]);
    expect([a, b, c, d, e, f]).toEqual([null, [1, 2], true, 'manifest:my data', { x: 1 }, '']);
  });

  it('may hold "=", and the last of a name counts', () => {
    expect(parseSettings(['data=manifest:a=b', 'seed=1', 'seed=2', 'x=1', 'x.y=2'])).toEqual({
      data: 'manifest:a=b',
      seed: 2,
      x: { y: 2 },
    });
  });

  it('take back every value that JSON can write', () => {
    const name = fc.stringMatching(/^[a-z][a-zA-Z]{0,8}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (path, value) => {
        const settings = parseSettings([`${path.join('.')}=${JSON.stringify(value)}`]);
        const found = path.reduce<unknown>((place, key) => (place as Record<string, unknown>)[key], settings);
        expect(JSON.stringify(found)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each(['__proto__.patience', '__proto__', 'augment.__proto__.flip', 'constructor.prototype.x', 'toString.x'])(
    'keep %s as own names, which no setting has',
    (name) => {
      const settings = parseSettings([`${name}=3`]);
      expect(() => resolveConfig('ce', { data: 'none:' }, settings)).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: expect.stringMatching(/unknown setting "(augment\.)?(__proto__|constructor|toString)/) as string,
        }),
      );
      expect(({} as { patience?: unknown; flip?: unknown }).patience).toBeUndefined();
    },
  );

  it.each(['epochs', '=3', ''])('refuses %j', (text) => {
    expect(() => parseSettings([text])).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('setting=value') as string }),
    );
  });
});
