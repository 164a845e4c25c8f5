//! JSON checked byte by byte, for what is too long to be held: what stands around the array of records.
//!
//! It knows only what is open and what may come next, so that it can stop and go on anywhere. It agrees with
//! [`super::cursor`] on what JSON is; a test holds that.

use super::cursor::{MAX_DEPTH, Shape, What};

/// What a byte did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nothing that shows outside.
    Inside,
    /// A quote that opens a key.
    Key,
    /// The quote that closes it.
    KeyEnd,
    /// The first byte of a value.
    Value(Shape),
    /// The bracket that closes an object or an array.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    FirstElement,
    FirstKey,
    Key,
    Colon,
    /// Behind a value.
    Behind,
    Text(Role),
    Escape(Role),
    Hex(Role, u8),
    Number(Number),
    Word(&'static [u8]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

/// The last that was seen of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// What is open, and what may come.
#[derive(Debug)]
pub struct Syntax {
    state: State,
    /// A bit for each bracket that is open, the last one lowest: set for an object.
    objects: u128,
    depth: u32,
}

impl Syntax {
    /// Before a value.
    pub fn new() -> Self {
        Self { state: State::Value, objects: 0, depth: 0 }
    }

    /// How many brackets are open.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether the bracket opened last is an object's.
    pub fn in_object(&self) -> bool {
        self.depth > 0 && self.objects & 1 == 1
    }

    /// Whether bytes without a quote, a backslash and a control character change nothing.
    pub fn in_text(&self) -> bool {
        matches!(self.state, State::Text(_))
    }

    /// Whether the value is whole. A number may go on.
    pub fn is_done(&self) -> bool {
        use Number::{Exponent, Fraction, Whole, Zero};
        let is_behind = matches!(self.state, State::Behind | State::Number(Zero | Whole | Fraction | Exponent));
        self.depth == 0 && is_behind
    }

    /// The next byte. An error says what was expected in its place.
    pub fn step(&mut self, byte: u8) -> Result<Event, What> {
        let is_space = matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        match self.state {
            State::Text(role) => self.in_text_of(role, byte),
            State::Escape(role) => self.escape(role, byte),
            State::Hex(role, left) => self.hex(role, left, byte),
            State::Number(number) => match next_of_number(number, byte)? {
                Some(next) => self.go(State::Number(next)),
                None => {
                    self.state = State::Behind;
                    self.step(byte)
                }
            },
            State::Word(left) => match left.split_first() {
                Some((first, [])) if *first == byte => self.go(State::Behind),
                Some((first, left)) if *first == byte => self.go(State::Word(left)),
                _ => Err(What::Word),
            },
            _ if is_space => Ok(Event::Inside),
            State::Value => self.value(byte),
            State::FirstElement if byte == b']' => self.close(),
            State::FirstElement => self.value(byte),
            State::FirstKey if byte == b'}' => self.close(),
            State::FirstKey => self.key(byte, What::FirstKey),
            State::Key => self.key(byte, What::Key),
            State::Colon if byte == b':' => self.go(State::Value),
            State::Colon => Err(What::Colon),
            State::Behind => self.behind(byte),
        }
    }

    fn go(&mut self, state: State) -> Result<Event, What> {
        self.state = state;
        Ok(Event::Inside)
    }

    fn value(&mut self, byte: u8) -> Result<Event, What> {
        let shape = Shape::of(Some(byte)).ok_or(What::Value)?;
        self.state = match shape {
            Shape::Object | Shape::Array => {
                if self.depth == MAX_DEPTH {
                    return Err(What::TooDeep);
                }
                self.depth += 1;
                self.objects = self.objects << 1 | u128::from(shape == Shape::Object);
                if shape == Shape::Object { State::FirstKey } else { State::FirstElement }
            }
            Shape::Text => State::Text(Role::Value),
            Shape::Number if byte == b'-' => State::Number(Number::Minus),
            Shape::Number if byte == b'0' => State::Number(Number::Zero),
            Shape::Number => State::Number(Number::Whole),
            Shape::True => State::Word(b"rue"),
            Shape::False => State::Word(b"alse"),
            Shape::Null => State::Word(b"ull"),
        };
        Ok(Event::Value(shape))
    }

    fn key(&mut self, byte: u8, what: What) -> Result<Event, What> {
        if byte != b'"' {
            return Err(what);
        }
        self.state = State::Text(Role::Key);
        Ok(Event::Key)
    }

    fn behind(&mut self, byte: u8) -> Result<Event, What> {
        match (byte, self.depth > 0, self.in_object()) {
            (_, false, _) => Err(What::Nothing),
            (b',', _, true) => self.go(State::Key),
            (b',', _, false) => self.go(State::Value),
            (b'}', _, true) | (b']', _, false) => self.close(),
            (_, _, true) => Err(What::NextKey),
            (_, _, false) => Err(What::NextElement),
        }
    }

    /// The bracket opened last is closed.
    pub fn close(&mut self) -> Result<Event, What> {
        self.depth -= 1;
        self.objects >>= 1;
        self.state = State::Behind;
        Ok(Event::Close)
    }

    fn in_text_of(&mut self, role: Role, byte: u8) -> Result<Event, What> {
        match byte {
            b'"' if role == Role::Key => {
                self.state = State::Colon;
                Ok(Event::KeyEnd)
            }
            b'"' => self.go(State::Behind),
            b'\\' => self.go(State::Escape(role)),
            0..=0x1F => Err(What::Control),
            _ => Ok(Event::Inside),
        }
    }

    fn escape(&mut self, role: Role, byte: u8) -> Result<Event, What> {
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.go(State::Text(role)),
            b'u' => self.go(State::Hex(role, 4)),
            _ => Err(What::Escape),
        }
    }

    fn hex(&mut self, role: Role, left: u8, byte: u8) -> Result<Event, What> {
        if !byte.is_ascii_hexdigit() {
            return Err(What::Hex);
        }
        self.go(if left > 1 { State::Hex(role, left - 1) } else { State::Text(role) })
    }
}

/// What of a number this byte is; `None` if the number ended before it.
fn next_of_number(number: Number, byte: u8) -> Result<Option<Number>, What> {
    use Number::{E, Exponent, Fraction, Minus, Point, Sign, Whole, Zero};
    Ok(Some(match (number, byte) {
        (Minus, b'0') => Zero,
        (Minus | Whole, b'0'..=b'9') => Whole,
        (Zero, b'0'..=b'9') => return Err(What::LeadingZero),
        (Zero | Whole, b'.') => Point,
        (Point | Fraction, b'0'..=b'9') => Fraction,
        (Zero | Whole | Fraction, b'e' | b'E') => E,
        (E, b'+' | b'-') => Sign,
        (E | Sign | Exponent, b'0'..=b'9') => Exponent,
        (Minus | Point | E | Sign, _) => return Err(What::Digit),
        (Zero | Whole | Fraction | Exponent, _) => return Ok(None),
    }))
}
