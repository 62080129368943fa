//! What a browser looks at pages by.

/// A browser's window and what its user prefers.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// The page's width, in CSS pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Pixels of a picture for one of the page.
    pub scale: f64,
    /// The system is dark.
    pub is_dark: bool,
    /// Pages may run scripts.
    pub has_scripts: bool,
}

impl Screen {
    /// A desk's screen.
    pub const DESK: Self = Self {
        width: 1400,
        height: 900,
        scale: 1.0,
        is_dark: false,
        has_scripts: true,
    };
    /// The narrowest phone.
    pub const PHONE: Self = Self {
        width: 360,
        height: 740,
        scale: 2.0,
        ..Self::DESK
    };
    /// A screen on a wall.
    pub const WALL: Self = Self {
        width: 2560,
        height: 1440,
        ..Self::DESK
    };

    /// The same in the dark.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self {
            is_dark: true,
            ..self
        }
    }

    /// The same without scripts.
    #[must_use]
    pub const fn without_scripts(self) -> Self {
        Self {
            has_scripts: false,
            ..self
        }
    }
}
