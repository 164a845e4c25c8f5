//! The texts of elements and of several values, written out.

use super::reference::{append_cdata, append_text};
use super::token::{Lexed, Lexer, Token};

/// Appends the values of a column of type super: one as it is, several as an array.
pub fn append_array(texts: &[&str], out: &mut String) {
    match texts {
        [single] => out.push_str(single),
        several => {
            out.push('[');
            for (count, text) in several.iter().enumerate() {
                out.push_str(if count == 0 { "" } else { "," });
                out.push_str(text);
            }
            out.push(']');
        }
    }
}

/// Appends the text of an element's content, which was found to be well-formed: all of it, or, of a row, its own.
pub fn append_content(content: &str, is_row: bool, out: &mut String) -> Lexed<()> {
    let mut lexer = Lexer::new(content, 0);
    let mut depth = 0_usize;
    while let Some(token) = lexer.next()? {
        let is_own = !is_row || depth == 0;
        match token {
            Token::Start { is_empty, .. } => depth += usize::from(!is_empty),
            Token::End { .. } => depth = depth.saturating_sub(1),
            Token::Text { text, .. } if is_own => append_text(text, out),
            Token::CData(text) if is_own => append_cdata(text, out),
            _ => {}
        }
    }
    Ok(())
}
