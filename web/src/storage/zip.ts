/** A folder as one file for download: a ZIP archive without compression, since data files have their own. */

const LIMIT = 0xffff_ffff;
const UTF8_NAMES = 0x0800;

/** A file of the archive. */
export interface ZipEntry {
  name: string;
  modified: number;
  blob: Blob;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

async function crc32(blob: Blob): Promise<number> {
  let crc = 0xffff_ffff;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return (crc ^ 0xffff_ffff) >>> 0;
    for (const byte of value) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  }
}

/** Time and date as MS-DOS counted them, from 1980 in steps of two seconds. */
function dosTime(modified: number): number {
  const at = new Date(Math.max(modified, Date.UTC(1980, 0, 2)));
  const date = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  return ((date << 16) | (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)) >>> 0;
}

/** What a file's own header and its entry in the directory have in common. */
function fields(view: DataView, at: number, entry: ZipEntry, crc: number, nameLength: number): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_NAMES, true);
  view.setUint16(at + 4, 0, true);
  view.setUint32(at + 6, dosTime(entry.modified), true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, entry.blob.size, true);
  view.setUint32(at + 18, entry.blob.size, true);
  view.setUint16(at + 22, nameLength, true);
}

export async function zip(entries: ZipEntry[]): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  let directorySize = 0;
  for (const entry of entries) {
    const name = new TextEncoder().encode(entry.name);
    const crc = await crc32(entry.blob);
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    fields(local, 4, entry, crc, name.length);
    const central = new DataView(new ArrayBuffer(46));
    central.setUint32(0, 0x02014b50, true);
    central.setUint16(4, 20, true);
    fields(central, 6, entry, crc, name.length);
    central.setUint32(42, offset, true);
    parts.push(local.buffer, name, entry.blob);
    directory.push(central.buffer, name);
    offset += 30 + name.length + entry.blob.size;
    directorySize += 46 + name.length;
    if (offset > LIMIT || entries.length > 0xffff) throw new Error("the folder is too large for one archive: download its files one by one from Python");
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, directorySize, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, end.buffer], { type: "application/zip" });
}
