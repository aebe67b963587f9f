//! Reading and unpacking an answer within limits.

use std::io::Read as _;

use super::ApiError;

/// The most bytes taken from the network for one answer.
const MAX_PACKED: usize = 16 * 1024 * 1024;

/// The most bytes of one answer after unpacking. A hundred long questions with their answers stay well below it.
pub(super) const MAX_UNPACKED: usize = 64 * 1024 * 1024;

/// All bytes of the answer, as they came.
pub(super) async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ApiError::transport)? {
        if bytes.len() + chunk.len() > MAX_PACKED {
            return Err(ApiError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Unpacks gzip, which is told by its first bytes: the API packs every answer, with or without saying so.
pub(super) fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .take(MAX_UNPACKED as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|e| ApiError::Malformed(format!("damaged gzip: {e}")))?;
    if unpacked.len() > MAX_UNPACKED { Err(ApiError::TooLarge) } else { Ok(unpacked) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("to memory");
        encoder.finish().expect("to memory")
    }

    #[test]
    fn packed_and_plain_answers_are_both_read() {
        assert_eq!(unpack(pack(b"{}")), Ok(b"{}".to_vec()));
        assert_eq!(unpack(b"{}".to_vec()), Ok(b"{}".to_vec()));
        assert_eq!(unpack(Vec::new()), Ok(Vec::new()));
    }

    #[test]
    fn damaged_and_exploding_answers_are_refused() {
        let mut cut = pack(&[b'x'; 5000]);
        cut.truncate(cut.len() - 6);
        assert!(matches!(unpack(cut), Err(ApiError::Malformed(_))));
        assert!(matches!(unpack(vec![0x1f, 0x8b]), Err(ApiError::Malformed(_))));
        assert_eq!(unpack(pack(&vec![b' '; MAX_UNPACKED + 1])), Err(ApiError::TooLarge));
    }
}
