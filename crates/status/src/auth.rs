//! Who may see the page: everybody, or one user.

use std::{
    hash::{BuildHasher, RandomState},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// A user and what their password is compared with.
#[derive(Clone, Debug)]
pub struct Credentials {
    user: SecretString,
    hash: SecretString,
}

impl FromStr for Credentials {
    type Err = &'static str;

    /// From `user:hash`, as htpasswd prints it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, hash) = text.trim().split_once(':').ok_or("has no colon")?;
        if user.is_empty() {
            return Err("has no user before the colon");
        }
        hash.parse::<HashParts>()
            .map_err(|_| "has no bcrypt hash behind the colon")?;
        Ok(Self {
            user: user.into(),
            hash: hash.into(),
        })
    }
}

/// What stands before the page.
#[derive(Debug)]
pub(crate) struct Gate {
    credentials: Credentials,
    /// A password takes long to compare, so that it takes long to guess; the one that was right is known by
    /// this, and is not compared again. 0: none was yet.
    admitted: AtomicU64,
    hasher: RandomState,
    /// One is compared at a time: guessing keeps no more than one thread busy.
    turn: Semaphore,
}

impl Gate {
    /// Nobody was admitted yet.
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            admitted: AtomicU64::new(0),
            hasher: RandomState::new(),
            turn: Semaphore::new(1),
        }
    }

    async fn admits(&self, header: &HeaderValue) -> bool {
        let known = self.hasher.hash_one(header.as_bytes()).max(1);
        if self.admitted.load(Ordering::Relaxed) == known {
            return true;
        }
        let Some((user, password)) = decode(header) else {
            return false;
        };
        // Nobody closes the semaphore.
        let Ok(_turn) = self.turn.acquire().await else {
            return false;
        };
        let hash = self.credentials.hash.clone();
        let compared = spawn_blocking(move || {
            bcrypt::verify(password.expose_secret(), hash.expose_secret()).unwrap_or(false)
        });
        let is_user = user == self.credentials.user.expose_secret();
        let is_admitted = compared.await.unwrap_or(false) && is_user;
        if is_admitted {
            self.admitted.store(known, Ordering::Relaxed);
        }
        is_admitted
    }
}

/// The user and the password that a browser sends.
fn decode(header: &HeaderValue) -> Option<(String, SecretString)> {
    let text = header.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (user.to_owned(), password.into()))
}

/// Lets through who is admitted, and asks everybody else.
pub(crate) async fn ask(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).cloned();
    let is_admitted = match &header {
        Some(header) => gate.admits(header).await,
        None => false,
    };
    if is_admitted {
        return next.run(request).await;
    }
    let challenge = [(
        WWW_AUTHENTICATE,
        "Basic realm=\"status\", charset=\"UTF-8\"",
    )];
    (StatusCode::UNAUTHORIZED, challenge, "who are you?\n").into_response()
}
