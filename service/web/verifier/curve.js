// Signatures of one key, many of them: u1·G + u2·Q from tables, some ten times as fast as recovering each key anew.
//
// Nothing is believed on the word of this arithmetic alone in the first place: each key was recovered by noble-secp256k1
// from its first signature. What is checked here for the others is that the point R of the signature is u1·G + u2·Q for
// that key Q, which is so for one Q only: the one that recovery would give. Where anything is unusual, recovery decides.
"use strict";

const FIELD = 2n ** 256n - 2n ** 32n - 977n;
const { floor } = Math;
const UP = 2 ** 22, DOWN = 2 ** -22, LIMBS = 12;
const FOLD_LOW = 250112, FOLD_HIGH = 2 ** 18;

// A field element is 12 limbs of 22 bits in doubles, the lowest first. Sums and differences are not carried: products of
// limbs up to 2^24.5 add up below 2^53, where doubles are exact, so up to five elements may be added before a product.

/** into = a × b mod p, loosely: limbs again of 22 bits, the value below 2^265. `into` may be a or b. */
function fieldMultiply(into, a, b) {
  const a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7], a8 = a[8], a9 =
    a[9], a10 = a[10], a11 = a[11];
  const b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3], b4 = b[4], b5 = b[5], b6 = b[6], b7 = b[7], b8 = b[8], b9 =
    b[9], b10 = b[10], b11 = b[11];
  let c0 = a0 * b0;
  let c1 = a0 * b1 + a1 * b0;
  let c2 = a0 * b2 + a1 * b1 + a2 * b0;
  let c3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  let c4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  let c5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  let c6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  let c7 = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  let c8 = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  let c9 = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  let c10 = a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 +
    a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1 + a10 * b0;
  let c11 = a0 * b11 + a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 +
    a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2 + a10 * b1 + a11 * b0;
  let c12 = a1 * b11 + a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 +
    a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2 + a11 * b1;
  let c13 = a2 * b11 + a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3 + a11 * b2;
  let c14 = a3 * b11 + a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4 + a11 * b3;
  let c15 = a4 * b11 + a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5 + a11 * b4;
  let c16 = a5 * b11 + a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6 + a11 * b5;
  let c17 = a6 * b11 + a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7 + a11 * b6;
  let c18 = a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7;
  let c19 = a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8;
  let c20 = a9 * b11 + a10 * b10 + a11 * b9;
  let c21 = a10 * b11 + a11 * b10;
  let c22 = a11 * b11;
  let up;
  up = floor(c0 * DOWN); c0 -= up * UP; c1 += up;
  up = floor(c1 * DOWN); c1 -= up * UP; c2 += up;
  up = floor(c2 * DOWN); c2 -= up * UP; c3 += up;
  up = floor(c3 * DOWN); c3 -= up * UP; c4 += up;
  up = floor(c4 * DOWN); c4 -= up * UP; c5 += up;
  up = floor(c5 * DOWN); c5 -= up * UP; c6 += up;
  up = floor(c6 * DOWN); c6 -= up * UP; c7 += up;
  up = floor(c7 * DOWN); c7 -= up * UP; c8 += up;
  up = floor(c8 * DOWN); c8 -= up * UP; c9 += up;
  up = floor(c9 * DOWN); c9 -= up * UP; c10 += up;
  up = floor(c10 * DOWN); c10 -= up * UP; c11 += up;
  up = floor(c11 * DOWN); c11 -= up * UP; c12 += up;
  up = floor(c12 * DOWN); c12 -= up * UP; c13 += up;
  up = floor(c13 * DOWN); c13 -= up * UP; c14 += up;
  up = floor(c14 * DOWN); c14 -= up * UP; c15 += up;
  up = floor(c15 * DOWN); c15 -= up * UP; c16 += up;
  up = floor(c16 * DOWN); c16 -= up * UP; c17 += up;
  up = floor(c17 * DOWN); c17 -= up * UP; c18 += up;
  up = floor(c18 * DOWN); c18 -= up * UP; c19 += up;
  up = floor(c19 * DOWN); c19 -= up * UP; c20 += up;
  up = floor(c20 * DOWN); c20 -= up * UP; c21 += up;
  up = floor(c21 * DOWN); c21 -= up * UP; c22 += up;
  up = floor(c22 * DOWN); c22 -= up * UP; const c23 = up;
  // 2^264 is 2^40 + 250112 modulo p: what stands above the 12th limb comes back below.
  c0 += c12 * FOLD_LOW;
  c1 += c13 * FOLD_LOW + c12 * FOLD_HIGH;
  c2 += c14 * FOLD_LOW + c13 * FOLD_HIGH;
  c3 += c15 * FOLD_LOW + c14 * FOLD_HIGH;
  c4 += c16 * FOLD_LOW + c15 * FOLD_HIGH;
  c5 += c17 * FOLD_LOW + c16 * FOLD_HIGH;
  c6 += c18 * FOLD_LOW + c17 * FOLD_HIGH;
  c7 += c19 * FOLD_LOW + c18 * FOLD_HIGH;
  c8 += c20 * FOLD_LOW + c19 * FOLD_HIGH;
  c9 += c21 * FOLD_LOW + c20 * FOLD_HIGH;
  c10 += c22 * FOLD_LOW + c21 * FOLD_HIGH;
  c11 += c23 * FOLD_LOW + c22 * FOLD_HIGH;
  up = floor(c0 * DOWN); c0 -= up * UP; c1 += up;
  up = floor(c1 * DOWN); c1 -= up * UP; c2 += up;
  up = floor(c2 * DOWN); c2 -= up * UP; c3 += up;
  up = floor(c3 * DOWN); c3 -= up * UP; c4 += up;
  up = floor(c4 * DOWN); c4 -= up * UP; c5 += up;
  up = floor(c5 * DOWN); c5 -= up * UP; c6 += up;
  up = floor(c6 * DOWN); c6 -= up * UP; c7 += up;
  up = floor(c7 * DOWN); c7 -= up * UP; c8 += up;
  up = floor(c8 * DOWN); c8 -= up * UP; c9 += up;
  up = floor(c9 * DOWN); c9 -= up * UP; c10 += up;
  up = floor(c10 * DOWN); c10 -= up * UP; c11 += up;
  up = floor(c11 * DOWN); c11 -= up * UP;
  up += c23 * FOLD_HIGH;
  const over = floor(up * DOWN), rest = up - over * UP;
  c0 += rest * FOLD_LOW;
  c1 += rest * FOLD_HIGH + over * FOLD_LOW;
  c2 += over * FOLD_HIGH;
  up = floor(c0 * DOWN); c0 -= up * UP; c1 += up;
  up = floor(c1 * DOWN); c1 -= up * UP; c2 += up;
  up = floor(c2 * DOWN); c2 -= up * UP; c3 += up;
  up = floor(c3 * DOWN); c3 -= up * UP; c4 += up;
  up = floor(c4 * DOWN); c4 -= up * UP; c5 += up;
  up = floor(c5 * DOWN); c5 -= up * UP; c6 += up;
  up = floor(c6 * DOWN); c6 -= up * UP; c7 += up;
  up = floor(c7 * DOWN); c7 -= up * UP; c8 += up;
  up = floor(c8 * DOWN); c8 -= up * UP; c9 += up;
  up = floor(c9 * DOWN); c9 -= up * UP; c10 += up;
  up = floor(c10 * DOWN); c10 -= up * UP; c11 += up;
  into[0] = c0; into[1] = c1; into[2] = c2; into[3] = c3;
  into[4] = c4; into[5] = c5; into[6] = c6; into[7] = c7;
  into[8] = c8; into[9] = c9; into[10] = c10; into[11] = c11;
}

const newElement = () => new Float64Array(LIMBS);

function elementOf(value) {
  const element = newElement();
  for (let at = 0, left = value; at < LIMBS; at++, left >>= 22n) element[at] = Number(left & 0x3fffffn);
  return element;
}

/** The value, reduced. */
function valueOfElement(element) {
  let value = 0n;
  for (let at = LIMBS - 1; at >= 0; at--) value = (value << 22n) + BigInt(element[at]);
  return ((value % FIELD) + FIELD) % FIELD;
}

function inverse(value, modulus) {
  let [a, b, x, u] = [value % modulus, modulus, 0n, 1n];
  while (a !== 0n) {
    const q = b / a;
    [b, a] = [a, b - a * q];
    [x, u] = [u, x - u * q];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** Inverses of values that are not 0, for the price of one and three products each (Montgomery's trick). */
function inverses(values, modulus) {
  const products = [1n];
  for (const value of values) products.push((products[products.length - 1] * value) % modulus);
  let left = inverse(products[values.length], modulus);
  const found = new Array(values.length);
  for (let at = values.length - 1; at >= 0; at--) {
    found[at] = (left * products[at]) % modulus;
    left = (left * values[at]) % modulus;
  }
  return found;
}

/** A point in Jacobian coordinates (X/Z², Y/Z³), with the room that one more addition needs. */
class Sum {
  constructor() {
    this.isEmpty = true;
    [this.x, this.y, this.z] = [newElement(), newElement(), newElement()];
    this.room = Array.from({ length: 7 }, newElement);
  }

  /** Adds an affine point. Adding a point to itself or to its opposite makes z 0 for good, which the caller looks for. */
  add(px, py) {
    const { x, y, z } = this;
    if (this.isEmpty) {
      this.isEmpty = false;
      x.set(px);
      y.set(py);
      z.fill(0);
      z[0] = 1;
      return;
    }
    const [zz, h, r, hh, hhh, v, t] = this.room;
    fieldMultiply(zz, z, z);
    fieldMultiply(h, px, zz);
    fieldMultiply(r, z, zz);
    fieldMultiply(r, py, r);
    for (let at = 0; at < LIMBS; at++) {
      h[at] -= x[at];
      r[at] -= y[at];
    }
    fieldMultiply(hh, h, h);
    fieldMultiply(hhh, h, hh);
    fieldMultiply(v, x, hh);
    fieldMultiply(z, z, h);
    fieldMultiply(t, r, r);
    for (let at = 0; at < LIMBS; at++) {
      x[at] = t[at] - hhh[at] - 2 * v[at];
      v[at] -= x[at];
    }
    fieldMultiply(v, r, v);
    fieldMultiply(t, y, hhh);
    for (let at = 0; at < LIMBS; at++) y[at] = v[at] - t[at];
  }
}

/** Multiples of an affine point (BigInts): for each window of so many bits, of 1 to 2^bits - 1 times its place. */
class Multiples {
  constructor(x, y, bits) {
    this.bits = bits;
    this.windows = [];
    let base = { x, y };
    for (let place = 0; place < 256; place += bits) {
      const points = multiplesOf(base, 2 ** bits);
      this.windows.push(points.slice(0, -1).map((point) => [elementOf(point.x), elementOf(point.y)]));
      base = points[points.length - 1];
    }
  }

  /** Adds `scalar` (64 hex digits) times the point. */
  addTo(sum, scalar) {
    const digits = this.bits / 4;
    for (let window = 0; window < this.windows.length; window++) {
      const end = 64 - window * digits;
      const times = parseInt(scalar.slice(end - digits, end), 16);
      if (times) sum.add(...this.windows[window][times - 1]);
    }
  }
}

/** 1, 2, ... `count` times the point, affine. */
function multiplesOf(point, count) {
  const [px, py] = [elementOf(point.x), elementOf(point.y)];
  const double = doubled(point);
  const found = [point, double];
  const sum = new Sum();
  sum.add(elementOf(double.x), elementOf(double.y));
  const jacobian = [];
  for (let times = 3; times <= count; times++) {
    sum.add(px, py);
    jacobian.push([valueOfElement(sum.x), valueOfElement(sum.y), valueOfElement(sum.z)]);
  }
  const inverted = inverses(jacobian.map(([, , z]) => z), FIELD);
  jacobian.forEach(([x, y], at) => {
    const zz = (inverted[at] * inverted[at]) % FIELD;
    found.push({ x: (x * zz) % FIELD, y: (((y * zz) % FIELD) * inverted[at]) % FIELD });
  });
  return found;
}

function doubled({ x, y }) {
  const slope = (3n * x * x * inverse(2n * y, FIELD)) % FIELD;
  const doubledX = (((slope * slope - 2n * x) % FIELD) + FIELD) % FIELD;
  return { x: doubledX, y: (((slope * (x - doubledX) - y) % FIELD) + FIELD) % FIELD };
}
