//! Camera, microphone and screen of this person.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use signaling_protocol::{Source, Sources};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, HtmlMediaElement, MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

use super::host::Listener;
use super::meter::LevelMeter;
use super::reflect;
use crate::chosen::Choosing;

/// What a device records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// Pictures.
    Camera,
    /// Sound.
    Microphone,
}

/// One device as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// For [`DeviceChoice`].
    pub id: String,
    /// Its name; empty before the person has allowed the use of devices.
    pub label: String,
    /// What it records.
    pub kind: DeviceKind,
}

/// Which devices to use; none means the browser's own choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceChoice {
    /// Camera id.
    pub camera: Option<String>,
    /// Microphone id.
    pub microphone: Option<String>,
}

/// Why a device could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The person or the system said no.
    #[error("the use of the device was not allowed")]
    Denied,
    /// There is no such device.
    #[error("there is no such device")]
    Missing,
    /// Another program holds it.
    #[error("the device is in use")]
    Busy,
    /// The page has no access to devices at all: not HTTPS, or a very old browser.
    #[error("this browser gives no access to devices")]
    Unsupported,
    /// Everything was stopped while the device was being opened.
    #[error("the device is no longer wanted")]
    Unwanted,
}

impl MediaError {
    fn from_js(fault: &JsValue) -> Self {
        let name = fault
            .dyn_ref::<DomException>()
            .map(DomException::name)
            .unwrap_or_default();
        match name.as_str() {
            "NotAllowedError" | "SecurityError" => Self::Denied,
            "NotFoundError" | "OverconstrainedError" => Self::Missing,
            "NotReadableError" | "AbortError" => Self::Busy,
            _ => Self::Unsupported,
        }
    }
}

#[derive(Default)]
struct Tracks {
    camera: Option<MediaStreamTrack>,
    microphone: Option<MediaStreamTrack>,
    screen: Option<MediaStreamTrack>,
    /// Listeners for tracks that end by themselves: unplugged, or sharing stopped by the browser.
    endings: Vec<(Source, Listener)>,
}

/// Who is told about tracks: the call that runs.
struct Follower {
    number: u32,
    changed: Rc<dyn Fn(Source)>,
    ended: Rc<dyn Fn(Source)>,
}

/// The devices of this person. Clones share them. Everything stops when the last one is dropped.
#[derive(Clone, Default)]
pub struct LocalMedia {
    tracks: Rc<RefCell<Tracks>>,
    choice: Rc<RefCell<DeviceChoice>>,
    follower: Rc<RefCell<Option<Follower>>>,
    followers: Rc<Cell<u32>>,
    /// Counts [`LocalMedia::stop_all`]: a device that opens after it must not stay on.
    stops: Rc<Cell<u32>>,
}

impl core::fmt::Debug for LocalMedia {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("LocalMedia(..)")
    }
}

fn media_devices() -> Result<MediaDevices, MediaError> {
    let navigator = web_sys::window()
        .ok_or(MediaError::Unsupported)?
        .navigator();
    // Outside a secure context the property is missing; the typed getter would hide that.
    let devices = reflect::get(&navigator, "mediaDevices");
    devices.dyn_into().ok().ok_or(MediaError::Unsupported)
}

fn exactly(id: Option<&String>, mut wishes: Vec<(&str, JsValue)>) -> JsValue {
    if let Some(id) = id {
        let exact = reflect::object(&[("exact", JsValue::from_str(id))]);
        wishes.push(("deviceId", exact));
    }
    reflect::object(&wishes)
}

fn ideal(value: f64) -> JsValue {
    reflect::object(&[("ideal", value.into())])
}

impl LocalMedia {
    /// Nothing is open yet.
    #[must_use]
    pub fn new(choice: DeviceChoice) -> Self {
        let media = Self::default();
        *media.choice.borrow_mut() = choice;
        media
    }

    /// Which devices are used.
    #[must_use]
    pub fn choice(&self) -> DeviceChoice {
        self.choice.borrow().clone()
    }

    /// Tells from here on when a track comes or goes, and when one ends by itself. A later follower
    /// takes the place of an earlier one. The number is for [`LocalMedia::unfollow`].
    pub(super) fn follow(&self, changed: Rc<dyn Fn(Source)>, ended: Rc<dyn Fn(Source)>) -> u32 {
        let number = self.followers.get().wrapping_add(1);
        self.followers.set(number);
        *self.follower.borrow_mut() = Some(Follower {
            number,
            changed,
            ended,
        });
        number
    }

    /// Ends following, unless somebody else has taken the place.
    pub(super) fn unfollow(&self, number: u32) {
        let mut follower = self.follower.borrow_mut();
        if follower.as_ref().is_some_and(|one| one.number == number) {
            *follower = None;
        }
    }

    /// The devices of this machine.
    ///
    /// # Errors
    /// When the browser gives no access.
    pub async fn list() -> Result<Vec<DeviceInfo>, MediaError> {
        let promise = media_devices()?
            .enumerate_devices()
            .map_err(|fault| MediaError::from_js(&fault))?;
        let found = JsFuture::from(promise)
            .await
            .map_err(|fault| MediaError::from_js(&fault))?;
        let found = Array::from(&found);
        let devices = found.iter().filter_map(|device| {
            let device: MediaDeviceInfo = device.dyn_into().ok()?;
            let kind = match device.kind() {
                MediaDeviceKind::Videoinput => DeviceKind::Camera,
                MediaDeviceKind::Audioinput => DeviceKind::Microphone,
                _ => return None,
            };
            Some(DeviceInfo {
                id: device.device_id(),
                label: device.label(),
                kind,
            })
        });
        Ok(devices.collect())
    }

    /// Listens to devices being plugged in and out.
    #[must_use]
    pub fn watch_devices(react: impl FnMut() + 'static) -> Option<Listener> {
        let devices = media_devices().ok()?;
        Some(Listener::new(devices.into(), "devicechange", react))
    }

    /// Uses a device of the person's choice, or keeps it in mind.
    ///
    /// # Errors
    /// Says why it could not be opened; the former one stays.
    pub async fn choose(
        &self,
        source: Source,
        id: String,
        choosing: Choosing,
    ) -> Result<(), MediaError> {
        match (choosing, source) {
            (Choosing::Open, Source::Camera) => self.open_camera(Some(id)).await?,
            (Choosing::Open, Source::Microphone) => self.open_microphone(Some(id)).await?,
            (Choosing::Remember, Source::Camera) => self.choice.borrow_mut().camera = Some(id),
            (Choosing::Remember, Source::Microphone) => {
                self.choice.borrow_mut().microphone = Some(id);
            }
            (_, Source::Screen) => {}
        }
        Ok(())
    }

    /// Opens or changes the camera.
    ///
    /// # Errors
    /// Says why there is no picture; the former camera stays.
    pub async fn open_camera(&self, id: Option<String>) -> Result<(), MediaError> {
        let video = exactly(
            id.as_ref(),
            vec![
                ("width", ideal(1_280.0)),
                ("height", ideal(720.0)),
                ("frameRate", ideal(30.0)),
            ],
        );
        let wish = MediaStreamConstraints::new();
        wish.set_video(&video);
        let stops = self.stops.get();
        let track = self.user_track(&wish, "getVideoTracks").await?;
        self.still_wanted(stops, &track)?;
        self.choice.borrow_mut().camera = id;
        self.put(Source::Camera, Some(track));
        Ok(())
    }

    /// Opens or changes the microphone.
    ///
    /// # Errors
    /// Says why there is no sound; the former microphone stays.
    pub async fn open_microphone(&self, id: Option<String>) -> Result<(), MediaError> {
        let audio = exactly(
            id.as_ref(),
            vec![
                ("echoCancellation", true.into()),
                ("noiseSuppression", true.into()),
                ("autoGainControl", true.into()),
            ],
        );
        let wish = MediaStreamConstraints::new();
        wish.set_audio(&audio);
        let stops = self.stops.get();
        let track = self.user_track(&wish, "getAudioTracks").await?;
        self.still_wanted(stops, &track)?;
        self.choice.borrow_mut().microphone = id;
        self.put(Source::Microphone, Some(track));
        Ok(())
    }

    /// Asks which screen or window to share.
    ///
    /// # Errors
    /// [`MediaError::Denied`] when the person closed the question.
    pub async fn open_screen(&self) -> Result<(), MediaError> {
        let wish = reflect::object(&[("video", true.into()), ("audio", false.into())]);
        let stops = self.stops.get();
        let devices = media_devices()?;
        let promise = reflect::call_promise(&devices, "getDisplayMedia", &[wish])
            .map_err(|fault| MediaError::from_js(&fault))?;
        let stream = JsFuture::from(promise)
            .await
            .map_err(|fault| MediaError::from_js(&fault))?;
        let track = first_track(&stream, "getVideoTracks")?;
        self.still_wanted(stops, &track)?;
        // Text must stay sharp; movement may stutter.
        reflect::set(&track, "contentHint", &JsValue::from_str("detail"));
        self.put(Source::Screen, Some(track));
        Ok(())
    }

    async fn user_track(
        &self,
        wish: &MediaStreamConstraints,
        getter: &str,
    ) -> Result<MediaStreamTrack, MediaError> {
        let promise = media_devices()?
            .get_user_media_with_constraints(wish)
            .map_err(|fault| MediaError::from_js(&fault))?;
        let stream = JsFuture::from(promise)
            .await
            .map_err(|fault| MediaError::from_js(&fault))?;
        first_track(&stream, getter)
    }

    /// Stops a source; a camera's light goes off.
    pub fn stop(&self, source: Source) {
        self.put(source, None);
    }

    /// A person may leave while the browser still asks or the device still starts.
    fn still_wanted(&self, stops: u32, track: &MediaStreamTrack) -> Result<(), MediaError> {
        if self.stops.get() == stops {
            return Ok(());
        }
        track.stop();
        Err(MediaError::Unwanted)
    }

    /// Whether this browser can share a screen; those of telephones cannot.
    #[must_use]
    pub fn can_share_screen() -> bool {
        media_devices().is_ok_and(|devices| reflect::get(&devices, "getDisplayMedia").is_function())
    }

    /// Stops everything, also what is just being opened.
    pub fn stop_all(&self) {
        self.stops.set(self.stops.get().wrapping_add(1));
        for source in [Source::Camera, Source::Microphone, Source::Screen] {
            self.put(source, None);
        }
    }

    /// Lets speech through, or silence. The microphone stays open so that it is back at once.
    pub(super) fn pass_sound(&self, on: bool) {
        if let Some(track) = &self.tracks.borrow().microphone {
            track.set_enabled(on);
        }
    }

    /// Lets only these sources through. The light of a camera that is not among them goes off.
    pub(super) fn pass_only(&self, sources: Sources) {
        self.pass_sound(sources.microphone);
        for (source, on) in [
            (Source::Camera, sources.camera),
            (Source::Screen, sources.screen),
        ] {
            if !on && self.has(source) {
                self.stop(source);
            }
        }
    }

    /// Whether a source is open.
    #[must_use]
    pub fn has(&self, source: Source) -> bool {
        self.track(source).is_some()
    }

    fn used_id(&self, source: Source) -> Option<String> {
        let track = self.track(source)?;
        let settings = reflect::call(&track, "getSettings", &[]).ok()?;
        reflect::text(&settings, "deviceId")
    }

    /// The id of the device that a source uses, or that was chosen for it while it is off.
    #[must_use]
    pub fn chosen_id(&self, source: Source) -> Option<String> {
        self.used_id(source).or_else(|| match source {
            Source::Camera => self.choice().camera,
            Source::Microphone => self.choice().microphone,
            Source::Screen => None,
        })
    }

    /// Everything that is open, as what is sent when nothing is switched off.
    #[must_use]
    pub fn open_sources(&self) -> Sources {
        Sources {
            microphone: self.has(Source::Microphone),
            camera: self.has(Source::Camera),
            screen: self.has(Source::Screen),
        }
    }

    pub(super) fn track(&self, source: Source) -> Option<MediaStreamTrack> {
        let tracks = self.tracks.borrow();
        match source {
            Source::Camera => tracks.camera.clone(),
            Source::Microphone => tracks.microphone.clone(),
            Source::Screen => tracks.screen.clone(),
        }
    }

    /// Shows an own picture in an element, or nothing when it is off.
    pub fn show(&self, source: Source, element: &HtmlMediaElement) {
        let stream = self.track(source).and_then(|track| {
            MediaStream::new()
                .ok()
                .inspect(|stream| stream.add_track(&track))
        });
        super::sound::show_picture(element, stream.as_ref());
    }

    /// Measures the microphone.
    #[must_use]
    pub fn meter(&self) -> Option<LevelMeter> {
        let stream = MediaStream::new().ok()?;
        stream.add_track(&self.track(Source::Microphone)?);
        LevelMeter::new(&stream)
    }

    fn put(&self, source: Source, track: Option<MediaStreamTrack>) {
        let ending = track.as_ref().map(|track| self.watch_end(source, track));
        let old = {
            let mut tracks = self.tracks.borrow_mut();
            tracks.endings.retain(|(of, _)| *of != source);
            tracks.endings.extend(ending.map(|ending| (source, ending)));
            let place = match source {
                Source::Camera => &mut tracks.camera,
                Source::Microphone => &mut tracks.microphone,
                Source::Screen => &mut tracks.screen,
            };
            core::mem::replace(place, track)
        };
        if let Some(old) = old {
            old.stop();
        }
        let tell = self
            .follower
            .borrow()
            .as_ref()
            .map(|one| Rc::clone(&one.changed));
        if let Some(tell) = tell {
            tell(source);
        }
    }

    fn watch_end(&self, source: Source, track: &MediaStreamTrack) -> Listener {
        let tracks = Rc::downgrade(&self.tracks);
        let follower = Rc::clone(&self.follower);
        Listener::new(track.clone().into(), "ended", move || {
            if let Some(tracks) = tracks.upgrade() {
                let mut tracks = tracks.borrow_mut();
                match source {
                    Source::Camera => tracks.camera = None,
                    Source::Microphone => tracks.microphone = None,
                    Source::Screen => tracks.screen = None,
                }
            }
            let tell = follower.borrow().as_ref().map(|one| Rc::clone(&one.ended));
            if let Some(tell) = tell {
                tell(source);
            }
        })
    }
}

fn first_track(stream: &JsValue, getter: &str) -> Result<MediaStreamTrack, MediaError> {
    let tracks = reflect::call(stream, getter, &[]).map_err(|fault| MediaError::from_js(&fault))?;
    Array::from(&tracks)
        .get(0)
        .dyn_into()
        .ok()
        .ok_or(MediaError::Missing)
}

impl Drop for Tracks {
    fn drop(&mut self) {
        for track in [&self.camera, &self.microphone, &self.screen]
            .into_iter()
            .flatten()
        {
            track.stop();
        }
    }
}
