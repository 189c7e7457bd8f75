// Unpacks the texts of a large page; `pack.rs` says what a pack is.

// LZMA as its specification has it (Igor Pavlov, public domain), without a header and with lc 4, lp 0, pb 0; `size` bytes come out.
function unlzma(input, size) {
  const out = new Uint8Array(size);
  const probabilities = (n) => new Uint16Array(n).fill(1024);
  let at = 5, range = 0xffffffff, code = 0, n = 0;
  for (let i = 1; i < 5; i++) code = ((code << 8) | input[i]) >>> 0;
  const normalise = () => {
    if (range < 0x1000000) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | input[at++]) >>> 0;
    }
  };
  const bit = (of, i) => {
    const bound = (range >>> 11) * of[i];
    const one = code >= bound;
    if (one) {
      range -= bound;
      code -= bound;
      of[i] -= of[i] >> 5;
    } else {
      range = bound;
      of[i] += (2048 - of[i]) >> 5;
    }
    normalise();
    return one ? 1 : 0;
  };
  const direct = (bits) => {
    let value = 0;
    while (bits--) {
      range >>>= 1;
      const one = code >= range ? 1 : 0;
      if (one) code -= range;
      value = (value << 1) | one;
      normalise();
    }
    return value;
  };
  const tree = (of, bits) => {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | bit(of, node);
    return node - (1 << bits);
  };
  const reversed = (of, from, bits) => {
    let node = 1, value = 0;
    for (let i = 0; i < bits; i++) {
      const one = bit(of, from + node);
      node = (node << 1) | one;
      value |= one << i;
    }
    return value;
  };
  const lengths = () => ({ choice: probabilities(2), low: probabilities(8), middle: probabilities(8), high: probabilities(256) });
  const length = (of) => (!bit(of.choice, 0) ? tree(of.low, 3) : !bit(of.choice, 1) ? 8 + tree(of.middle, 3) : 16 + tree(of.high, 8));
  const literals = probabilities(0x300 << 4);
  const [isMatch, isRep, isRep0, isRep1, isRep2, isRep0Long] = Array.from({ length: 6 }, () => probabilities(12));
  const slots = Array.from({ length: 4 }, () => probabilities(64));
  const [special, align] = [probabilities(128), probabilities(16)];
  const [matches, repeats] = [lengths(), lengths()];
  let state = 0, rep0 = 0, rep1 = 0, rep2 = 0, rep3 = 0;
  while (n < size) {
    if (!bit(isMatch, state)) {
      const base = ((n ? out[n - 1] : 0) >> 4) * 0x300;
      let symbol = 1;
      if (state >= 7) {
        let expected = out[n - rep0 - 1];
        while (symbol < 0x100) {
          const wanted = (expected >> 7) & 1;
          expected <<= 1;
          const found = bit(literals, base + ((1 + wanted) << 8) + symbol);
          symbol = (symbol << 1) | found;
          if (found !== wanted) break;
        }
      }
      while (symbol < 0x100) symbol = (symbol << 1) | bit(literals, base + symbol);
      out[n++] = symbol & 0xff;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let run;
    if (bit(isRep, state)) {
      if (!bit(isRep0, state)) {
        if (!bit(isRep0Long, state)) {
          out[n] = out[n - rep0 - 1];
          n++;
          state = state < 7 ? 9 : 11;
          continue;
        }
      } else {
        let distance = rep1;
        if (bit(isRep1, state)) {
          distance = rep2;
          if (bit(isRep2, state)) [distance, rep3] = [rep3, rep2];
          rep2 = rep1;
        }
        [rep0, rep1] = [distance, rep0];
      }
      run = length(repeats);
      state = state < 7 ? 8 : 11;
    } else {
      [rep1, rep2, rep3] = [rep0, rep1, rep2];
      run = length(matches);
      state = state < 7 ? 7 : 10;
      const slot = tree(slots[Math.min(run, 3)], 6);
      rep0 = slot;
      if (slot >= 4) {
        const bits = (slot >> 1) - 1;
        rep0 = (2 | (slot & 1)) << bits;
        if (slot < 14) rep0 += reversed(special, rep0 - slot, bits);
        else rep0 += direct(bits - 4) * 16 + reversed(align, 0, 4);
      }
    }
    for (run += 2; run > 0 && n < size; run--, n++) out[n] = out[n - rep0 - 1];
  }
  return out;
}

// Seven bits a character; characters from U+0100 on are one of three forbidden ones and the seven bits behind it.
function bytesOf(text) {
  const out = new Uint8Array(Math.ceil((text.length * 14) / 8) + 1);
  let held = 0, bits = 0, n = 0;
  const push = (group) => {
    held = ((held << 7) | group) & 0x7fff;
    bits += 7;
    if (bits >= 8) out[n++] = (held >> (bits -= 8)) & 0xff;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) - 0x100;
    if (c < 0) {
      push(c + 0x100);
    } else {
      push([0, 13, 60][c >> 7]);
      push(c & 127);
    }
  }
  return out.subarray(0, n);
}

// What words add, in logits: these, and the same with the other sign.
const SIZES = [0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2.1, 3.2];

// The articles of a pack, each with what the whole says and its paragraphs.
function unpack(script) {
  const bytes = unlzma(bytesOf(script.textContent), Number(script.dataset.bytes));
  const view = new DataView(bytes.buffer);
  let from = 10 * 4;
  const columns = Array.from({ length: 10 }, (_, i) => bytes.subarray(from, (from += view.getUint32(4 * i, true))));
  const [encoding, kinds] = JSON.parse(new TextDecoder().decode(columns[0]));
  const texts = new TextDecoder(encoding).decode(columns[1]).split("\u001e");
  const places = new Array(10).fill(0);
  const take = (column) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = columns[column][places[column]++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const byte = (column) => columns[column][places[column]++];
  const list = (column, one) => Array.from({ length: take(column) }, one);
  const [WHOLES, PARTS, TONES, MARKS, SAID, GAPS, LENGTHS, WEIGHTS] = [2, 3, 4, 5, 6, 7, 8, 9];
  let text = 0;
  const words = () => {
    let at = 0;
    return list(GAPS, () => {
      const start = at + take(GAPS);
      at = start + take(LENGTHS);
      const weight = byte(WEIGHTS);
      return [start, at, weight < SIZES.length ? SIZES[weight] : -SIZES[weight - SIZES.length]];
    });
  };
  const paragraph = (next) => {
    const [kind, rule] = kinds[take(PARTS)].split(":");
    const [lang, place] = [["en", "zh", ""][take(PARTS)], next + take(PARTS)];
    const tone = byte(TONES);
    let at = 0;
    const marks = list(MARKS, () => {
      const start = at + take(MARKS);
      at = start + take(MARKS);
      return [start, at, take(MARKS)];
    });
    const said = list(SAID, () => {
      const [company, flags, favor, against] = [take(SAID), byte(SAID), byte(SAID) / 250, byte(SAID) / 250];
      const p = [favor, Math.max(0, 1 - favor - against), against].map((x) => x.toFixed(2));
      return { company, label: STANCES[flags & 3], unsure: (flags & 4) > 0, byReference: (flags & 8) > 0, score: favor - against, p, words: words() };
    });
    return { kind, rule, lang, place, marks, said, text: texts[text++], tone: tone && { label: TONE[Math.floor((tone - 1) / 80)], p: [(((tone - 1) % 80) + 33) / 100] } };
  };
  return Array.from({ length: Number(script.dataset.articles) }, () => {
    const bound = () => byte(WHOLES) / 100 - 1;
    const wholes = list(WHOLES, () => ({ low: bound(), high: bound(), paragraphs: take(WHOLES), mentions: take(WHOLES) }));
    let next = 0;
    const parts = list(PARTS, () => {
      const found = paragraph(next);
      next = found.place + 1;
      return found;
    });
    return { wholes, parts };
  });
}
