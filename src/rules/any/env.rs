//! A question to a world as the compiled program sees it: every path is followed name by name.

use std::cell::OnceCell;

use super::AnyProgram;
use super::world::{Node, Question, World};
use crate::rules::eval::{Env, Fault};
use crate::rules::expr::Root;
use crate::rules::value::{Heap, Uid, Val};

/// A question to a world, with what was read of it.
pub(super) struct AnyEnv<'w> {
    program: &'w AnyProgram,
    world: &'w World,
    question: &'w Question,
    kept: Vec<OnceCell<Result<Val<'w>, Fault>>>,
    heap: Heap,
}

// === impl AnyEnv ===

impl<'w> AnyEnv<'w> {
    pub(super) fn new(program: &'w AnyProgram, world: &'w World, question: &'w Question) -> Self {
        let kept = program.slots.iter().map(|_| OnceCell::new()).collect();
        Self { program, world, question, kept, heap: Heap::default() }
    }

    fn start(&self, root: Root) -> Val<'w> {
        match root {
            Root::Principal => Val::Entity(self.question.principal.uid()),
            Root::Action => Val::Entity(self.question.action.uid()),
            Root::Resource => Val::Entity(self.question.resource.uid()),
            Root::Context => Val::of(&self.question.context),
        }
    }

    fn walk(&self, root: Root, names: &[Box<str>]) -> Result<Val<'w>, Fault> {
        let mut value = self.start(root);
        for name in names {
            let found = match value {
                Val::Record(record) => record.get(name).map(Val::of),
                Val::Entity(uid) => self.node(uid)?.attributes.get(name).map(Val::of),
                _ => return Err(Fault::Type),
            };
            value = found.ok_or(Fault::Missing)?;
        }
        Ok(value)
    }

    fn node(&self, uid: Uid<'_>) -> Result<&'w Node, Fault> {
        self.world.nodes.get(&uid.owned()).ok_or(Fault::Missing)
    }
}

impl Env for AnyEnv<'_> {
    fn slot(&self, place: usize) -> Result<Val<'_>, Fault> {
        let kept = self.kept.get(place).ok_or(Fault::Missing)?;
        let (root, names) = self.program.slots.get(place).ok_or(Fault::Missing)?;
        *kept.get_or_init(|| self.walk(*root, names))
    }

    fn root(&self, root: Root) -> Result<Val<'_>, Fault> {
        Ok(self.start(root))
    }

    fn attribute(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        Ok(self.node(of)?.attributes.get(name).map(Val::of))
    }

    fn tag(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        Ok(self.node(of)?.tags.get(name).map(Val::of))
    }

    fn below(&self, entity: Uid<'_>, ancestor: Uid<'_>) -> bool {
        self.node(entity).is_ok_and(|node| node.above.contains(&ancestor.owned()))
    }

    fn heap(&self) -> &Heap {
        &self.heap
    }
}
